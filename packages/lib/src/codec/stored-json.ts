import type { JsonValue } from '@bufbuild/protobuf';
import { ErrorCode } from '../errors/codes.ts';
import { OrchestrationError } from '../errors/orchestration-error.ts';
import { describeMessage } from './descriptors.ts';
import { jsonToWire } from './read-json.ts';
import { writeJson } from './write-json.ts';

/**
 * A message as JSON text for a store that may sort names and parse numbers, see `JsonForm`.
 *
 * @param name of the message, without its package.
 * @param bytes in its wire form.
 */
export function formatStored(name: string, bytes: Uint8Array): string {
  return writeJson(describeMessage(name), bytes, 'stored');
}

/**
 * The wire form of what `formatStored` wrote, already parsed.
 *
 * @throws OrchestrationError OE0001 for any other value.
 */
export function parseStored(name: string, json: unknown): Uint8Array {
  try {
    return jsonToWire(describeMessage(name), json as JsonValue);
  } catch {
    // The reader's sentence is for those who send requests.
    throw new OrchestrationError(ErrorCode.ByteArray, 'a stored asset cannot be decoded');
  }
}

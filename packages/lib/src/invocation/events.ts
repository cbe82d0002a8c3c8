import type { JsonValue } from '@bufbuild/protobuf';
import { describeMessage } from '../codec/descriptors.ts';
import { jsonToWire } from '../codec/read-json.ts';
import { ErrorCode } from '../errors/codes.ts';
import { OrchestrationError } from '../errors/orchestration-error.ts';
import { eventToJson } from '../events/json.ts';
import { Event } from '../gen/orchestrator/event.ts';

/** The name of the one chaincode event that a transaction may have. */
export const CHAINCODE_EVENT_NAME = 'chaincode-updates';

/** An event that was read from a chaincode event. */
export interface ParsedEvent {
  /** `<transaction id>:<index>` */
  readonly id: string;
  /** In its wire form. */
  readonly bytes: Uint8Array;
}

/** The payload of a chaincode event: a JSON array of the events in their canonical form. */
export function formatEvents(events: readonly Event[]): Uint8Array {
  return joinEventTexts(events.map((event) => eventToJson(Event.encode(event).finish()).text));
}

/** The same of events that are canonical text already. */
export function joinEventTexts(texts: readonly string[]): Uint8Array {
  return new TextEncoder().encode(`[${texts.join(',')}]`);
}

/**
 * The events of a payload, in order.
 *
 * @throws OrchestrationError OE0001 for a payload that is no array of events with ids.
 */
export function parseEvents(payload: Uint8Array): ParsedEvent[] {
  const parsed = parsePayload(payload);
  if (!Array.isArray(parsed)) throw badPayload();
  return parsed.map(parseEvent);
}

function parsePayload(payload: Uint8Array): JsonValue {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload)) as JsonValue;
  } catch {
    throw badPayload();
  }
}

function parseEvent(json: JsonValue): ParsedEvent {
  try {
    const id = typeof json === 'object' && json !== null && !Array.isArray(json) ? json.id : undefined;
    if (typeof id === 'string' && id !== '') return { id, bytes: jsonToWire(describeMessage('Event'), json) };
  } catch {
    // The reader's sentence is for those who send requests.
  }
  throw badPayload();
}

function badPayload(): OrchestrationError {
  return new OrchestrationError(ErrorCode.ByteArray, 'the payload of a chaincode event cannot be read');
}

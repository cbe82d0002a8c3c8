import type { JsonValue } from '@bufbuild/protobuf';
import { invalidAsset, type OrchestrationError } from '../errors/orchestration-error.ts';

/** The names of the texts in a wrapper, required or not. */
type Wanted = Readonly<Record<string, 'required' | 'optional'>>;

/**
 * Reads a JSON object of texts that has every required member and no other than the wanted ones.
 *
 * @throws OrchestrationError OE0101
 */
export function parseWrapper(text: string, wanted: Wanted): ReadonlyMap<string, string> {
  const parsed = parseJson(text);
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw badWrapper('is no JSON object');
  const members = new Map<string, string>();
  for (const [name, value] of Object.entries(parsed)) {
    if (!Object.hasOwn(wanted, name)) throw badWrapper(`has an unknown member "${name}"`);
    if (typeof value !== 'string') throw badWrapper(`has a "${name}" that is no text`);
    if (!value.isWellFormed() || value.includes('\0')) throw badWrapper(`has a "${name}" with characters that no text may have`);
    members.set(name, value);
  }
  for (const [name, need] of Object.entries(wanted)) {
    if (need === 'required' && !members.has(name)) throw badWrapper(`has no "${name}"`);
  }
  return members;
}

/** @throws OrchestrationError OE0101 when the text is no JSON. */
export function parseJson(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    throw badWrapper('is no JSON');
  }
}

function badWrapper(what: string): OrchestrationError {
  return invalidAsset(`the invocation's text ${what}`);
}

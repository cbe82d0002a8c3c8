import { isNumber, type JsonValue } from './json-text.ts';

const FIRST_SURROGATE = 0xd800;
const AFTER_SURROGATES = 0xe000;

/** Orders texts as their UTF-8 bytes: CouchDB's order of ids, and Fabric's of keys. */
export function compareTexts(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const difference = weight(a.charCodeAt(index)) - weight(b.charCodeAt(index));
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Code units beyond the surrogates stand for code points below theirs. */
function weight(unit: number): number {
  if (unit < FIRST_SURROGATE) return unit;
  return unit < AFTER_SURROGATES ? unit + 0x2000 : unit - 0x800;
}

/** Orders two values of one kind; undefined for values of different kinds. */
export function compareValues(a: JsonValue | undefined, b: JsonValue | undefined): number | undefined {
  if (a === undefined || b === undefined) return undefined;
  if (isNumber(a) && isNumber(b)) return compareNumbers(a.rawJSON, b.rawJSON);
  if (typeof a === 'string' && typeof b === 'string') return compareTexts(a, b);
  if (typeof a !== typeof b || isNumber(a) !== isNumber(b)) return undefined;
  return compareTexts(JSON.stringify(a), JSON.stringify(b));
}

export function areEqual(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  return compareValues(a, b) === 0;
}

function compareNumbers(a: string, b: string): number {
  const isWhole = /^-?\d+$/;
  // Whole numbers of any size: nanoseconds do not fit into a double.
  if (isWhole.test(a) && isWhole.test(b)) return Number(BigInt(a) > BigInt(b)) - Number(BigInt(a) < BigInt(b));
  return Number(a) - Number(b);
}

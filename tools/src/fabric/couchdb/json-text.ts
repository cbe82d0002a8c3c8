/** A number as it was written: CouchDB gives back what it was given, and a double would not. */
export interface WrittenNumber {
  readonly rawJSON: string;
}

/** A value of JSON whose numbers kept their form. */
export type JsonValue = null | boolean | string | WrittenNumber | readonly JsonValue[] | JsonObject;

/** An object of JSON. */
export interface JsonObject {
  readonly [name: string]: JsonValue;
}

interface WithSources {
  readonly parse: (text: string, reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown) => unknown;
  readonly rawJSON: (text: string) => unknown;
  readonly isRawJSON: (value: unknown) => boolean;
}

// The language has these since 2025; the compiler's library does not know them yet.
const json = JSON as unknown as WithSources;

/** @throws SyntaxError */
export function parseJson(text: string): JsonValue {
  return json.parse(text, (_key, value, { source }) =>
    typeof value === 'number' ? json.rawJSON(source ?? String(value)) : value,
  ) as JsonValue;
}

export function isNumber(value: JsonValue | undefined): value is WrittenNumber {
  return json.isRawJSON(value);
}

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isNumber(value);
}

export function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** The text of a string; empty for anything else. */
export function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

/** The whole number that a value is; undefined for anything else. */
export function integerOf(value: JsonValue | undefined): number | undefined {
  if (!isNumber(value)) return undefined;
  const number = Number(value.rawJSON);
  return Number.isSafeInteger(number) ? number : undefined;
}

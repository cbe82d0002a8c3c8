import { type DescField, type DescMessage, fromBinary, type JsonObject, type JsonValue, toJson } from '@bufbuild/protobuf';

/**
 * In which order the fields of a message are written, and how a negative zero is:
 * - `canonical`: by number; `-0`, a number as any other;
 * - `stored`: by name, so that a database which sorts the names of objects leaves the text as it is; `"-0"`, which
 *   protobuf JSON allows too, since such a database would make a zero of the number.
 */
export type JsonForm = 'canonical' | 'stored';

const TIMESTAMP = 'google.protobuf.Timestamp';

/** A message as a JSON value: original field names, names of enum values, fields present even when empty. */
export function toJsonObject(descriptor: DescMessage, bytes: Uint8Array): JsonObject {
  const options = { alwaysEmitImplicit: true, useProtoFieldName: true };
  return toJson(descriptor, fromBinary(descriptor, bytes), options) as JsonObject;
}

// Text is written here and not by JSON.stringify of a whole object: objects put keys that look like numbers first,
// nobody could add a null in its place, and a negative zero would lose its sign.

/**
 * The text of what `toJsonObject` gave: an unset message is null, of a oneof only the member that is set is there, the
 * keys of maps are in the order of their code units. The same object gives the same text everywhere.
 */
export function writeJson(descriptor: DescMessage, json: JsonValue, form: JsonForm = 'canonical'): string {
  if (descriptor.typeName === TIMESTAMP) return JSON.stringify(json);
  const parts: string[] = [];
  for (const field of sortedFields(descriptor, form)) {
    const value = (json as JsonObject)[field.name];
    if (value !== undefined) parts.push(`${JSON.stringify(field.name)}:${writeField(field, value, form)}`);
    else if (field.fieldKind === 'message' && field.oneof === undefined) parts.push(`${JSON.stringify(field.name)}:null`);
  }
  return `{${parts.join(',')}}`;
}

const fieldOrders: Readonly<Record<JsonForm, WeakMap<DescMessage, readonly DescField[]>>> = {
  canonical: new WeakMap(),
  stored: new WeakMap(),
};

function sortedFields(descriptor: DescMessage, form: JsonForm): readonly DescField[] {
  const known = fieldOrders[form].get(descriptor);
  if (known !== undefined) return known;
  const sorted = descriptor.fields.toSorted(form === 'canonical' ? byNumber : byName);
  fieldOrders[form].set(descriptor, sorted);
  return sorted;
}

function byNumber(a: DescField, b: DescField): number {
  return a.number - b.number;
}

function byName(a: DescField, b: DescField): number {
  return a.name < b.name ? -1 : 1;
}

function writeField(field: DescField, value: JsonValue, form: JsonForm): string {
  if (field.fieldKind === 'map') return writeMap(field.message, value as JsonObject, form);
  if (field.message === undefined) return writeScalars(value, form);
  const { message } = field;
  if (field.fieldKind === 'message') return writeJson(message, value, form);
  return `[${(value as JsonValue[]).map((item) => writeJson(message, item, form)).join(',')}]`;
}

/** A scalar, an enum's value, or a list of them; the contract has no list of numbers. */
function writeScalars(value: JsonValue, form: JsonForm): string {
  if (Object.is(value, -0)) return form === 'canonical' ? '-0' : '"-0"';
  return JSON.stringify(value);
}

function writeMap(message: DescMessage | undefined, value: JsonObject, form: JsonForm): string {
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const parts = entries.map(([key, item]) => {
    const text = message === undefined ? writeScalars(item, form) : writeJson(message, item, form);
    return `${JSON.stringify(key)}:${text}`;
  });
  return `{${parts.join(',')}}`;
}

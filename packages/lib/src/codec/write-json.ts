import type { DescMessage } from '@bufbuild/protobuf';
import { BinaryReader } from '@bufbuild/protobuf/wire';
import { formatTimestamp } from './json-timestamp.ts';
import { type FieldPlan, type JsonForm, type MessagePlan, planMessage, type ValuePlan } from './json-plan.ts';

export type { JsonForm } from './json-plan.ts';

/**
 * The protobuf JSON of a message: original field names, names of enum values, fields present even when empty (an unset
 * message is null; of a oneof only the member that is set), the keys of maps in the order of their code units. The same
 * bytes give the same text everywhere.
 *
 * It goes from the wire to text in one pass: this is done for everything that the chaincode stores, tells and answers,
 * and by way of message and JSON objects it takes more than twice as long.
 *
 * @param bytes in wire form, as the generated encoders write it: of a field that comes twice the last one counts.
 * @throws Error when the bytes are no such message, or have a time outside of the years 1 to 9999.
 */
export function writeJson(descriptor: DescMessage, bytes: Uint8Array, form: JsonForm = 'canonical'): string {
  return messageText(planMessage(descriptor, form), new BinaryReader(bytes), bytes.length);
}

/** What was read of a field: one text, the texts of a list, or those of a map. */
type FieldText = string | string[] | Map<string, string>;

function messageText(plan: MessagePlan, reader: BinaryReader, end: number): string {
  const texts: (FieldText | undefined)[] = [];
  while (reader.pos < end) {
    const [number, wireType] = reader.tag();
    const field = plan.byNumber.get(number);
    if (field === undefined) reader.skip(wireType, number);
    else readField(field, reader, texts);
  }
  if (reader.pos !== end) throw new Error('a message ends elsewhere than its length says');
  const parts: string[] = [];
  for (const field of plan.fields) {
    const value = texts[field.index] ?? field.absent;
    if (value !== undefined) parts.push(field.label + (typeof value === 'string' ? value : joined(value)));
  }
  return `{${parts.join(',')}}`;
}

function readField(field: FieldPlan, reader: BinaryReader, texts: (FieldText | undefined)[]): void {
  const { index, shape, siblings } = field;
  for (const sibling of siblings) texts[sibling] = undefined;
  if (shape === 'single') {
    texts[index] = valueText(field.value, reader);
    return;
  }
  const known = texts[index];
  if (shape === 'list') {
    const value = valueText(field.value, reader);
    if (Array.isArray(known)) known.push(value);
    else texts[index] = [value];
    return;
  }
  const entries = known instanceof Map ? known : new Map<string, string>();
  texts[index] = entries;
  readEntry(field.value, reader, entries);
}

function readEntry(value: ValuePlan, reader: BinaryReader, entries: Map<string, string>): void {
  const end = reader.uint32() + reader.pos;
  let key = '';
  let text = value.empty;
  while (reader.pos < end) {
    const [number, wireType] = reader.tag();
    if (number === 1) key = reader.string();
    else if (number === 2) text = valueText(value, reader);
    else reader.skip(wireType, number);
  }
  entries.set(key, text);
}

function joined(value: string[] | Map<string, string>): string {
  if (Array.isArray(value)) return `[${value.join(',')}]`;
  const entries = [...value].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, text]) => `${JSON.stringify(key)}:${text}`).join(',')}}`;
}

function valueText(value: ValuePlan, reader: BinaryReader): string {
  switch (value.kind) {
    case 'string':
      return JSON.stringify(reader.string());
    case 'bool':
      return reader.bool() ? 'true' : 'false';
    case 'int32':
      return String(reader.int32());
    case 'uint32':
      return String(reader.uint32());
    case 'float':
      return floatText(reader.float(), value.negativeZero);
    case 'enum': {
      const number = reader.int32();
      return value.names.get(number) ?? String(number);
    }
    case 'timestamp':
      return timestampText(reader, reader.uint32() + reader.pos);
    case 'message':
      return messageText(value.plan(), reader, reader.uint32() + reader.pos);
  }
}

function floatText(value: number, negativeZero: string): string {
  if (Number.isFinite(value)) return Object.is(value, -0) ? negativeZero : String(value);
  return `"${value}"`;
}

function timestampText(reader: BinaryReader, end: number): string {
  let seconds = 0n;
  let nanos = 0;
  while (reader.pos < end) {
    const [number, wireType] = reader.tag();
    if (number === 1) seconds = BigInt(reader.int64());
    else if (number === 2) nanos = reader.int32();
    else reader.skip(wireType, number);
  }
  return `"${formatTimestamp({ seconds, nanos })}"`;
}

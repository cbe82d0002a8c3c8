import { type DescEnum, type DescField, type DescMessage, type JsonValue, ScalarType } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { invalidAsset, type OrchestrationError } from '../errors/orchestration-error.ts';
import { readTimestamp } from './json-timestamp.ts';

/** What the readers of JSON are given: a value, and where it stands, for messages. */
interface Place {
  readonly field: DescField;
  readonly value: JsonValue;
}

const TIMESTAMP = 'google.protobuf.Timestamp';
/** FieldPresence.IMPLICIT of the descriptors: a field at its default is not written. */
const IMPLICIT = 2;
const KEY_FIELD = 1;
const VALUE_FIELD = 2;

/**
 * The wire form of a message that comes as a protobuf JSON value: names of either kind, null for what is not set, enum
 * values as names or numbers, numbers also as text. It is written here because the library's own way through a message
 * object loses the sign of a negative zero. Fields are written as they come, maps by key: the same JSON text gives the
 * same bytes.
 *
 * @throws OrchestrationError OE0101 for unknown fields, values of another type, text that is no Unicode.
 */
export function jsonToWire(descriptor: DescMessage, json: JsonValue): Uint8Array {
  const writer = new BinaryWriter();
  writeMessage(writer, descriptor, json);
  return writer.finish();
}

function bad(field: DescField, expected: string): OrchestrationError {
  return invalidAsset(`${field.name} must be ${expected}`);
}

/** Whether this is what a field has that was never set. A negative zero is not. */
function isUnset({ field, value }: Place): boolean {
  if (field.enum !== undefined) return value === 0 || value === field.enum.value[0]?.name;
  return value === '' || value === false || Object.is(value, 0);
}

function isObject(value: JsonValue): value is { [name: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function writeMessage(writer: BinaryWriter, descriptor: DescMessage, json: JsonValue): void {
  if (!isObject(json)) throw invalidAsset(`${descriptor.name} must be an object`);
  const members = membersOf(descriptor);
  const isGiven: boolean[] = [];
  for (const [name, value] of Object.entries(json)) {
    const member = members.get(name);
    if (member === undefined) throw invalidAsset(`${descriptor.name} has no field "${name}"`);
    const { field, place } = member;
    if (value === null || (field.presence === IMPLICIT && isUnset({ field, value }))) continue;
    if (isGiven[place] === true) throw invalidAsset(`${(field.oneof ?? field).name} is given twice`);
    isGiven[place] = true;
    writeField(writer, { field, value });
  }
}

/** A field under one of its names. */
interface Member {
  readonly field: DescField;
  /** One for each field, and one for all members of a oneof. */
  readonly place: number;
}

const memberMaps = new WeakMap<DescMessage, ReadonlyMap<string, Member>>();

function membersOf(descriptor: DescMessage): ReadonlyMap<string, Member> {
  const known = memberMaps.get(descriptor);
  if (known !== undefined) return known;
  const { fields } = descriptor;
  const named = new Map<string, Member>();
  for (const field of fields) {
    const member = { field, place: fields.indexOf(field.oneof?.fields[0] ?? field) };
    for (const name of [field.name, field.jsonName]) named.set(name, member);
  }
  memberMaps.set(descriptor, named);
  return named;
}

function writeField(writer: BinaryWriter, place: Place): void {
  const { field, value } = place;
  if (field.fieldKind === 'map') return writeMap(writer, place);
  if (field.fieldKind !== 'list') return writeSingle(writer, place, field.number);
  if (!Array.isArray(value)) throw bad(field, 'a list');
  for (const item of value) writeSingle(writer, { field, value: item }, field.number);
}

function writeMap(writer: BinaryWriter, { field, value }: Place): void {
  if (!isObject(value)) throw bad(field, 'an object');
  for (const [key, item] of Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    writer.tag(field.number, WireType.LengthDelimited).fork();
    if (key !== '') writer.tag(KEY_FIELD, WireType.LengthDelimited).string(readText({ field, value: key }));
    const entry = { field, value: item };
    if (!isUnset(entry)) writeSingle(writer, entry, VALUE_FIELD);
    writer.join();
  }
}

/** A value by itself: of a field, of an element, of a map's entry. */
function writeSingle(writer: BinaryWriter, place: Place, number: number): void {
  const { field, value } = place;
  if (field.message !== undefined) {
    writer.tag(number, WireType.LengthDelimited).fork();
    if (field.message.typeName === TIMESTAMP) writeTimestamp(writer, place);
    else writeMessage(writer, field.message, value);
    writer.join();
  } else if (field.enum !== undefined) {
    writer.tag(number, WireType.Varint).int32(readEnum(place, field.enum));
  } else {
    writeScalar(writer, place, number);
  }
}

function writeTimestamp(writer: BinaryWriter, { field, value }: Place): void {
  const timestamp = typeof value === 'string' ? readTimestamp(value) : undefined;
  if (timestamp === undefined) throw bad(field, 'a time in RFC 3339');
  if (timestamp.seconds !== 0n) writer.tag(1, WireType.Varint).int64(timestamp.seconds);
  if (timestamp.nanos !== 0) writer.tag(2, WireType.Varint).int32(timestamp.nanos);
}

function readEnum({ field, value }: Place, type: DescEnum): number {
  if (typeof value === 'string') {
    const named = type.values.find(({ name }) => name === value);
    if (named !== undefined) return named.number;
  } else if (typeof value === 'number' && value === (value | 0)) {
    return value;
  }
  throw bad(field, `a value of ${type.name}`);
}

function writeScalar(writer: BinaryWriter, place: Place, number: number): void {
  const { field } = place;
  switch (field.scalar) {
    case ScalarType.STRING:
      writer.tag(number, WireType.LengthDelimited).string(readText(place));
      return;
    case ScalarType.BOOL:
      writer.tag(number, WireType.Varint).bool(readBool(place));
      return;
    case ScalarType.INT32:
      writer.tag(number, WireType.Varint).int32(readWhole(place, { min: -0x8000_0000, max: 0x7fff_ffff }));
      return;
    case ScalarType.UINT32:
      writer.tag(number, WireType.Varint).uint32(readWhole(place, { min: 0, max: 0xffff_ffff }));
      return;
    case ScalarType.FLOAT:
      writer.tag(number, WireType.Bit32).float(readFloat(place));
      return;
    default:
      throw new Error(`the contract has no fields of the type of ${field.name}`);
  }
}

function readText({ field, value }: Place): string {
  if (typeof value !== 'string' || !value.isWellFormed()) throw bad(field, 'text');
  return value;
}

function readBool({ field, value }: Place): boolean {
  if (typeof value !== 'boolean') throw bad(field, 'true or false');
  return value;
}

const DECIMAL = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/u;
const NAMED: Readonly<Record<string, number>> = { NaN: Number.NaN, Infinity, '-Infinity': -Infinity };

function readNumber(value: JsonValue): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && DECIMAL.test(value) ? Number(value) : undefined;
}

function readWhole({ field, value }: Place, { min, max }: { readonly min: number; readonly max: number }): number {
  const number = readNumber(value);
  if (number === undefined || !Number.isInteger(number) || number < min || number > max) {
    throw bad(field, `a whole number from ${min} to ${max}`);
  }
  return number;
}

function readFloat({ field, value }: Place): number {
  if (typeof value === 'string' && Object.hasOwn(NAMED, value)) return NAMED[value] ?? 0;
  const number = readNumber(value);
  // Math.fround makes an infinity of what single precision cannot hold.
  if (number === undefined || !Number.isFinite(Math.fround(number))) throw bad(field, 'a number of single precision');
  return number;
}

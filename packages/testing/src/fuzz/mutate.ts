import type { Random } from '../random/random.ts';
import { BYTES, encodeFields, FIXED32, FIXED64, parseFields, VARINT, varint } from './wire.ts';
import type { WireField } from './wire.ts';

/** How long a message may grow: mutations of mutations multiply. */
const MAX_BYTES = 512 * 1024;

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

type Change<T> = (random: Random, value: T) => T;

/**
 * Spoils a message in wire form, or sends it on as it is: fields are dropped, doubled, moved and retyped, numbers get
 * extreme values, texts become too long, wrong or no text at all, messages become deep or wide, bytes are cut and
 * turned. Three quarters of the changes keep a message that protobuf can read.
 *
 * @param others keys of assets that exist, to put into the place of other keys.
 */
export function mutate(random: Random, message: Uint8Array, others: readonly string[]): Buffer {
  let bytes: Buffer = Buffer.from(message);
  if (random.chance(25)) bytes = rekey(random, bytes, others);
  for (let left = random.pick([0, 1, 1, 1, 2, 3]); left > 0; left -= 1) {
    bytes = random.chance(75) ? mutateFields(random, bytes, others) : random.pick(byteChanges)(random, bytes);
  }
  return bytes.length > MAX_BYTES ? bytes.subarray(0, MAX_BYTES) : bytes;
}

/** Gives all texts that are keys new ones, so that registrations are not only repeats. */
function rekey(random: Random, bytes: Buffer, others: readonly string[]): Buffer {
  const fields = parseFields(bytes);
  if (fields === undefined) return bytes;
  return encodeFields(
    fields.map((field) => {
      if (field.type !== BYTES) return field;
      if (isKey(field.value)) return { ...field, value: newKey(random, others) };
      return isMessage(field.value) ? { ...field, value: rekey(random, field.value, others) } : field;
    }),
  );
}

function newKey(random: Random, others: readonly string[]): Buffer {
  return Buffer.from(others.length > 0 && random.chance(60) ? random.pick(others) : random.key());
}

function isKey(value: Buffer): boolean {
  return value.length === 36 && UUID.test(value.toString('latin1'));
}

/** Bytes that can be read as fields may still be text; it does not matter here. */
function isMessage(value: Buffer): boolean {
  return value.length > 1 && (parseFields(value)?.length ?? 0) > 0;
}

/** Changes one field, at any depth. */
function mutateFields(random: Random, bytes: Buffer, others: readonly string[]): Buffer {
  const fields = parseFields(bytes);
  if (fields === undefined || fields.length === 0) return random.pick(byteChanges)(random, bytes);
  const index = random.below(fields.length);
  const field = fields[index] as WireField;
  if (field.type === BYTES && isMessage(field.value) && random.chance(60)) {
    fields[index] = { ...field, value: mutateFields(random, field.value, others) };
    return encodeFields(fields);
  }
  if (random.chance(60)) {
    fields[index] = mutateValue(random, field, others);
    return encodeFields(fields);
  }
  return encodeFields(random.pick(listChanges)(random, fields));
}

function mutateValue(random: Random, field: WireField, others: readonly string[]): WireField {
  if (field.type === VARINT) return { ...field, value: random.pick(extremeVarints) };
  if (field.type === FIXED32 || field.type === FIXED64)
    return { ...field, value: Buffer.alloc(field.value.length, random.pick([0, 0xff, 0x7f, 0x80])) };
  if (isKey(field.value) && random.chance(50)) return { ...field, value: newKey(random, others) };
  return { ...field, value: random.pick(textChanges)(random, field.value) };
}

const extremeVarints: readonly Buffer[] = [
  ...[0n, 1n, 2n, 7n, 127n, 128n, 1000n, 2n ** 31n - 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 53n].map(varint),
  ...[2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n].map(varint),
  // Longer than it has to be.
  Buffer.from('8080808000', 'hex'),
];

const wrongUtf8 = ['ff', 'c080', 'eda080', 'f4908080', 'e28228', 'c3'].map((hex) => Buffer.from(hex, 'hex'));

const textChanges: readonly Change<Buffer>[] = [
  () => Buffer.alloc(0),
  (random) => Buffer.alloc(random.pick([1, 100, 101, 200, 201, 5000, 70_000]), 'a'),
  (random, value) => Buffer.concat([value, random.pick(wrongUtf8)]),
  (_random, value) => Buffer.concat([value, Buffer.from([0])]),
  (_random, value) => Buffer.from(value.toString('latin1').toUpperCase(), 'latin1'),
  () => Buffer.from('🦄\u{10ffff}\u200f\u0301é\n\r\t'),
  () => Buffer.from(`'; DROP TABLE events; -- "$1" %s {{x}} \${x} ../../etc/passwd`),
  (random) => Buffer.from(random.key()),
  () => Buffer.from('__proto__'),
  (random, value) => value.subarray(0, random.below(value.length + 1)),
  // Deep: the value within itself.
  (random, value) => nest(value, random.pick([2, 50, 101, 2000])),
];

function nest(value: Buffer, depth: number): Buffer {
  let nested = value;
  for (let level = 0; level < depth && nested.length < MAX_BYTES; level += 1)
    nested = encodeFields([{ number: 1, type: BYTES, value: nested }]);
  return nested;
}

const listChanges: readonly Change<readonly WireField[]>[] = [
  (random, fields) => fields.toSpliced(random.below(fields.length), 1),
  (random, fields) => [...fields, random.pick(fields)],
  (random, fields) => random.shuffle(fields),
  // Wide: a field over and over.
  (random, fields) => [...fields, ...Array.from({ length: random.pick([10, 300, 3000]) }, () => fields[0] as WireField)],
  (random, fields) => fields.map((field) => ({ ...field, number: (field.number + random.below(3)) || 1 })),
  (random, fields) => [...fields, { number: random.pick([99, 1000, 536_870_911]), type: BYTES, value: Buffer.from('?') }],
  (random, fields) => fields.map((field) => ({ ...field, type: random.pick([0, 1, 2, 5, field.type, field.type]) })),
  // Groups, and types that do not exist.
  (random, fields) => [...fields, { number: 3, type: random.pick([3, 4, 6, 7]), value: Buffer.from('0800', 'hex') }],
  (_random, fields) => [...fields, { number: 0, type: VARINT, value: varint(1) }],
];

const byteChanges: readonly Change<Buffer>[] = [
  (random, bytes) => bytes.subarray(0, random.below(bytes.length + 1)),
  (random, bytes) => {
    const changed = Buffer.from(bytes);
    if (changed.length > 0) {
      const at = random.below(changed.length);
      changed[at] = (changed[at] ?? 0) ^ (1 << random.below(8));
    }
    return changed;
  },
  (random, bytes) => {
    const at = random.below(bytes.length + 1);
    return Buffer.concat([bytes.subarray(0, at), Buffer.from([random.below(256)]), bytes.subarray(at)]);
  },
  // A length of more bytes than there are.
  (_random, bytes) => Buffer.concat([bytes, Buffer.from('0affffffff0f', 'hex')]),
  (_random, bytes) => Buffer.concat([bytes, bytes]),
  (random) => Buffer.from(random.hex(random.below(64) * 2), 'hex'),
  () => Buffer.alloc(0),
];

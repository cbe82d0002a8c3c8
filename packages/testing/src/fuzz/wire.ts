/** One field of a message in protobuf's wire form. */
export interface WireField {
  readonly number: number;
  /** 0 varint, 1 eight bytes, 2 length and bytes, 5 four bytes. */
  readonly type: number;
  /** The value; of type 2 without its length. */
  readonly value: Buffer;
}

export const VARINT = 0;
export const FIXED64 = 1;
export const BYTES = 2;
export const FIXED32 = 5;

/** The fields of a message one level deep; undefined when the bytes are none. */
export function parseFields(bytes: Buffer): WireField[] | undefined {
  const fields: WireField[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    const tag = readVarint(bytes, offset);
    if (tag === undefined || tag.value < 8) return undefined;
    const field = readValue(bytes, { number: Math.floor(tag.value / 8), type: tag.value % 8, offset: tag.end });
    if (field === undefined) return undefined;
    fields.push(field.field);
    offset = field.end;
  }
  return fields;
}

/** The bytes of a message with these fields. */
export function encodeFields(fields: readonly WireField[]): Buffer {
  return Buffer.concat(fields.map(encodeField));
}

/** A varint of a whole number from 0 to 2^64 - 1. */
export function varint(value: bigint | number): Buffer {
  const bytes: number[] = [];
  let rest = BigInt(value);
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

function encodeField({ number, type, value }: WireField): Buffer {
  const tag = varint((BigInt(number) << 3n) | BigInt(type));
  return type === BYTES ? Buffer.concat([tag, varint(value.length), value]) : Buffer.concat([tag, value]);
}

interface Start {
  readonly number: number;
  readonly type: number;
  readonly offset: number;
}

function readValue(
  bytes: Buffer,
  { number, type, offset }: Start,
): { readonly field: WireField; readonly end: number } | undefined {
  const head = type === VARINT || type === BYTES ? readVarint(bytes, offset) : undefined;
  const start = type === BYTES ? head?.end : offset;
  const end = valueEnd({ type, offset, head });
  if (start === undefined || end === undefined || end > bytes.length) return undefined;
  return { field: { number, type, value: bytes.subarray(start, end) }, end };
}

interface Head {
  readonly value: number;
  readonly end: number;
}

function valueEnd({ type, offset, head }: { type: number; offset: number; head: Head | undefined }): number | undefined {
  if (type === FIXED64) return offset + 8;
  if (type === FIXED32) return offset + 4;
  if (type === VARINT) return head?.end;
  if (type === BYTES && head !== undefined) return head.end + head.value;
  return undefined;
}

function readVarint(bytes: Buffer, offset: number): Head | undefined {
  let value = 0;
  for (let index = 0; index < 10; index += 1) {
    const byte = bytes[offset + index];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return { value, end: offset + index + 1 };
  }
  return undefined;
}

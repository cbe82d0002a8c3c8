type Parser = (value: unknown) => unknown;

const UUID_PARTS = /(.{8})(.{4})(.{4})(.{4})(.{12})/;

/** Readers of PostgreSQL's binary form by the type's oid, for the types that statements in that form select. */
const readers = new Map<number, (bytes: Buffer) => unknown>([
  // bool
  [16, (bytes) => bytes[0] === 1],
  // bytea; no Buffer goes out: its `slice` shares where others copy
  [17, ({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength)],
  // int8
  [20, (bytes) => bytes.readBigInt64BE()],
  // int2
  [21, (bytes) => bytes.readInt16BE()],
  // int4
  [23, (bytes) => bytes.readInt32BE()],
  // text
  [25, (bytes) => bytes.toString()],
  // uuid
  [2950, (bytes) => bytes.toString('hex').replace(UUID_PARTS, '$1-$2-$3-$4-$5')],
]);

const parsers = new Map<number, Parser>([...readers].map(([oid, read]) => [oid, (value) => read(toBytes(value))]));

/**
 * Reads values of a type in PostgreSQL's binary form, as the same values that are made of its text.
 *
 * @returns the reader; for a type that is not read in this form one that throws, which fails the query: pg would not catch
 *   what is thrown any earlier.
 */
export function binaryParserOf(oid: number): Parser {
  return parsers.get(oid) ?? (() => refuse(oid));
}

function refuse(oid: number): never {
  throw new Error(`values of the type with oid ${oid} are read as text only`);
}

/** @throws Error on a session that makes text of everything: bytes would have been lost. */
function toBytes(value: unknown): Buffer {
  if (!Buffer.isBuffer(value)) throw new Error('this session cannot read rows in the binary form');
  return value;
}

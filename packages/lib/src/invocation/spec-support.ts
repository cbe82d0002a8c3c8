import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/** A whole number from 0 to `limit` - 1. */
export type Choose = (limit: number) => number;

/** A small linear congruential generator: the same seed gives the same choices. */
export function createChoose(seed: number): Choose {
  let state = seed >>> 0;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 0x1_0000_0000) * limit);
  };
}

const TEXTS = ['', 'a', '7', '10', '__proto__', 'constructor', '"quoted" \\ / \n\u0001', 'ünïcode \u{1F600} \u{10FFFF}', '\u2028<&>', 'x'.repeat(300)];
const FLOATS = [0, -0, 0.5, Number.NaN, Infinity, -Infinity, 1.401298464324817e-45, -3.4028234663852886e38, 0.10000000149011612, 16_777_217];
const SECONDS = [0n, 1n, -1n, 1_700_000_000n, -62_135_596_800n, 253_402_300_799n];
const NANOS = [0, 1000, 999_999_000, 120_000_000, 1, 999_999_999];
const ENUMS = [0, 1, 2, 3, 4, 5, 77, -1];
const INTEGERS = [0, 1, 4_294_967_295, 2_147_483_647];

/** The wire form of a message with fields of the contract set by chance. */
export function randomMessage(descriptor: DescMessage, choose: Choose): Uint8Array {
  const writer = new BinaryWriter();
  writeMessage(writer, descriptor, choose);
  return writer.finish();
}

function pick<T>(items: readonly T[], choose: Choose): T {
  return items[choose(items.length)] as T;
}

function writeMessage(writer: BinaryWriter, descriptor: DescMessage, choose: Choose): void {
  if (descriptor.typeName === 'google.protobuf.Timestamp') {
    writer.tag(1, WireType.Varint).int64(pick(SECONDS, choose));
    writer.tag(2, WireType.Varint).int32(pick(NANOS, choose));
    return;
  }
  const chosen = new Set(descriptor.oneofs.map(({ fields }) => pick(fields, choose)));
  for (const field of descriptor.fields) {
    if (field.oneof !== undefined && !chosen.has(field)) continue;
    if (choose(8) > 0) writeField(writer, field, choose);
  }
}

function writeField(writer: BinaryWriter, field: DescField, choose: Choose): void {
  const count = field.fieldKind === 'list' || field.fieldKind === 'map' ? choose(4) : 1;
  for (let index = 0; index < count; index += 1) {
    if (field.fieldKind !== 'map') {
      writeSingle(writer, { field, number: field.number }, choose);
      continue;
    }
    writer.tag(field.number, WireType.LengthDelimited).fork();
    writer.tag(1, WireType.LengthDelimited).string(pick(TEXTS, choose));
    writeSingle(writer, { field, number: 2 }, choose);
    writer.join();
  }
}

function writeSingle(writer: BinaryWriter, { field, number }: { field: DescField; number: number }, choose: Choose): void {
  if (field.message !== undefined) {
    writer.tag(number, WireType.LengthDelimited).fork();
    writeMessage(writer, field.message, choose);
    writer.join();
  } else if (field.enum !== undefined) writer.tag(number, WireType.Varint).int32(pick(ENUMS, choose));
  else if (field.scalar === ScalarType.STRING) writer.tag(number, WireType.LengthDelimited).string(pick(TEXTS, choose));
  else if (field.scalar === ScalarType.FLOAT) writer.tag(number, WireType.Bit32).float(Math.fround(pick(FLOATS, choose)));
  else if (field.scalar === ScalarType.BOOL) writer.tag(number, WireType.Varint).bool(choose(2) === 1);
  else if (field.scalar === ScalarType.UINT32) writer.tag(number, WireType.Varint).uint32(pick(INTEGERS, choose));
  else if (field.scalar === ScalarType.INT32) writer.tag(number, WireType.Varint).int32(pick(INTEGERS, choose) | 0);
  else throw new Error(`no values for ${field.toString()}`);
}

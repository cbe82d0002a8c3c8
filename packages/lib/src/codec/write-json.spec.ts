import { fromBinary, type JsonObject, type JsonValue, toJson } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { createChoose, randomMessage } from '../invocation/spec-support.ts';
import { describeMessage } from './descriptors.ts';
import { writeJson } from './write-json.ts';

const SEED = 77;
const NAMES = ['Event', 'ComputeTask', 'RegisterTasksParam', 'Function', 'QueryEventsParam', 'QueryPerformancesResponse', 'GetTaskInputAssetsResponse'];

/** Without what only our text has: null for messages that are not set. */
function withoutNulls(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([, item]) => item !== null);
  return Object.fromEntries(kept.map(([name, item]) => [name, withoutNulls(item)])) as JsonObject;
}

describe.each(NAMES)('the JSON of %s', (name) => {
  it(`is what the protobuf library writes (seed ${SEED})`, () => {
    const descriptor = describeMessage(name);
    const choose = createChoose(SEED);
    for (let index = 0; index < 200; index += 1) {
      const bytes = randomMessage(descriptor, choose);
      const expected = toJson(descriptor, fromBinary(descriptor, bytes), { alwaysEmitImplicit: true, useProtoFieldName: true });
      const written = JSON.parse(writeJson(descriptor, bytes)) as JsonValue;
      expect(withoutNulls(written)).toEqual(expected);
    }
  });
});

describe('JSON', () => {
  const descriptor = describeMessage('ComputePlan');

  it.each([
    ['a length past the end', [0x0a, 0x7f, 0x61]],
    ['a tag alone', [0x0a]],
    ['a message that is longer than its place', [0x3a, 0x01, 0x08]],
    ['nanoseconds that are none', [0x3a, 0x06, 0x10, 0xff, 0xff, 0xff, 0xff, 0x0f]],
  ])('is not written of %s', (_, bytes) => {
    expect(() => writeJson(descriptor, Uint8Array.from(bytes))).toThrow();
  });

  it('leaves unknown fields out', () => {
    expect(writeJson(descriptor, Uint8Array.of(0xfa, 0x07, 0x01, 0x61))).toBe(writeJson(descriptor, new Uint8Array(0)));
  });
});

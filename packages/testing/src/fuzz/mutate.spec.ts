import { type MessageCodec, NewComputeTask, NewFunction } from '@orchestrator/lib';
import { expect, it } from 'vitest';
import { buildNewComputeTask, buildNewFunction } from '../builders/requests.ts';
import { createRandom } from '../random/random.ts';
import { mutate } from './mutate.ts';
import { encodeFields, parseFields, varint } from './wire.ts';

const random = createRandom(1);
const messages: readonly Buffer[] = [
  Buffer.from(NewFunction.encode(buildNewFunction(random)).finish()),
  Buffer.from(NewComputeTask.encode(buildNewComputeTask(random, { worker: 'MyOrg1MSP' })).finish()),
];

it('fields are read and written as they were', () => {
  for (const message of messages) {
    const fields = parseFields(message);
    expect(fields?.length).toBeGreaterThan(3);
    expect(encodeFields(fields ?? [])).toEqual(message);
  }
  for (const hex of ['0a', '0aff', 'ff', '07', '00', '09ffff']) expect(parseFields(Buffer.from(hex, 'hex'))).toBeUndefined();
  expect(varint(2n ** 64n - 1n).toString('hex')).toBe('ffffffffffffffffff01');
});

it('the same seed spoils in the same way', () => {
  const run = (seed: number): string => {
    const source = createRandom(seed);
    return messages.map((message) => mutate(source, message, ['k']).toString('hex')).join();
  };
  expect(run(7)).toBe(run(7));
  expect(run(7)).not.toBe(run(8));
});

it('some mutants can be read and some cannot, and nearly all differ', () => {
  const source = createRandom(2);
  const codecs: readonly MessageCodec<unknown>[] = [NewFunction, NewComputeTask];
  let [same, readable, unreadable] = [0, 0, 0];
  for (let round = 0; round < 2000; round += 1) {
    const message = messages[round % 2] ?? Buffer.alloc(0);
    const mutant = mutate(source, message, []);
    if (mutant.equals(message)) same += 1;
    try {
      codecs[round % 2]?.decode(mutant);
      readable += 1;
    } catch {
      unreadable += 1;
    }
  }
  expect(same).toBeLessThan(500);
  expect(Math.min(readable, unreadable)).toBeGreaterThan(300);
});

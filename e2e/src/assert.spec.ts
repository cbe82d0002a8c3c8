import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { all, refuses } from './assert.ts';

function refusal(code: status, details: string): Promise<never> {
  const error: ServiceError = Object.assign(new Error(details), { code, details, metadata: new Metadata() });
  return Promise.reject(error);
}

describe('refuses', () => {
  it('takes the code in its own status', async () => {
    await refuses(refusal(status.NOT_FOUND, 'OE0002: no such task'), 'NotFound', 'no such task');
  });

  it('fails when the call succeeds', async () => {
    await expect(refuses(Promise.resolve('answer'), 'NotFound')).rejects.toThrow('got an answer');
  });

  it('fails on another code, another status, another text', async () => {
    await expect(refuses(refusal(status.NOT_FOUND, 'OE0003: no'), 'NotFound')).rejects.toThrow('expected OE0002');
    await expect(refuses(refusal(status.UNKNOWN, 'OE0002: no'), 'NotFound')).rejects.toThrow('NOT_FOUND');
    await expect(refuses(refusal(status.NOT_FOUND, 'OE0002: no'), 'NotFound', 'key')).rejects.toThrow('"key"');
  });

  it('fails on a message that gives SQL, stack or path away', async () => {
    for (const leak of ['SELECT 1', 'x\n    at run (server)', 'in node_modules/pg', 'task.ts:12']) {
      await expect(refuses(refusal(status.NOT_FOUND, `OE0002: ${leak}`), 'NotFound')).rejects.toThrow();
    }
  });

  it('counts the length of a message in code points', async () => {
    const message = (count: number): string => `OE0002: ${'🙂'.repeat(count)}`;
    await refuses(refusal(status.NOT_FOUND, message(7992)), 'NotFound');
    await expect(refuses(refusal(status.NOT_FOUND, message(7993)), 'NotFound')).rejects.toThrow('too long');
  });
});

describe('all', () => {
  it('tries every case and names those that fail', async () => {
    const tried: number[] = [];
    const cases = [
      ['one', 1],
      ['two', 2],
      ['three', 3],
    ] as const;
    const run = all(cases, (item) => {
      tried.push(item);
      return item === 1 ? Promise.resolve() : Promise.reject(new Error(`wrong ${item}`));
    });
    await expect(run).rejects.toThrow('two: wrong 2\nthree: wrong 3');
    expect(tried).toEqual([1, 2, 3]);
  });
});

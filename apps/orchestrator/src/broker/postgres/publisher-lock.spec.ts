import { TcpProxy, type TestDatabase } from '@orchestrator/tools';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createMigratedDatabase, silentLog, within } from '../../standalone/spec-support.ts';
import { FencedError, type Tenure } from '../publisher/ports.ts';
import { PostgresPublisherLock } from './publisher-lock.ts';

let stack: AsyncDisposableStack;
let database: TestDatabase;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  database = stack.use(await createMigratedDatabase());
});

afterEach(() => stack.disposeAsync());

function open(url = database.url): PostgresPublisherLock {
  return stack.use(new PostgresPublisherLock({ session: { connectionString: url }, idOf: () => Promise.resolve(7), log: silentLog }));
}

async function acquire(lock: PostgresPublisherLock): Promise<Tenure> {
  const deadlineMs = Date.now() + 10_000;
  for (;;) {
    const tenure = await lock.tryAcquire('mychannel');
    if (tenure !== undefined) return tenure;
    if (Date.now() > deadlineMs) throw new Error('the lock was not free in time');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

it('gives the channel to one holder at a time, with a growing number and the last position', async () => {
  const [one, other] = [open(), open()];
  const first = await acquire(one);
  expect([first.fence, first.position]).toEqual([1n, 0n]);
  expect(await other.tryAcquire('mychannel')).toBeUndefined();
  await one.advance({ channel: 'mychannel', position: 5n, fence: first.fence });
  await first[Symbol.asyncDispose]();
  const second = await acquire(other);
  expect([second.fence, second.position]).toEqual([2n, 5n]);
});

it('lets nobody move the cursor but the last holder, and never back', async () => {
  const [one, other] = [open(), open()];
  const first = await acquire(one);
  await first[Symbol.asyncDispose]();
  const second = await acquire(other);
  await other.advance({ channel: 'mychannel', position: 3n, fence: second.fence });
  await expect(one.advance({ channel: 'mychannel', position: 4n, fence: first.fence })).rejects.toThrow(FencedError);
  await expect(other.advance({ channel: 'mychannel', position: 2n, fence: second.fence })).rejects.toThrow(FencedError);
});

it('loses its locks with the connection, and tells of it', async () => {
  const proxy = stack.use(await TcpProxy.start(database.url));
  const [one, other] = [open(proxy.url), open()];
  const first = await acquire(one);
  proxy.cut();
  await within(new Promise((resolve) => first.lost.addEventListener('abort', resolve)), 5000, 'the loss');
  const second = await acquire(other);
  expect(second.fence).toBe(2n);
});

it('gives up a database that has stopped answering', async () => {
  const proxy = stack.use(await TcpProxy.start(database.url));
  const first = await acquire(open(proxy.url));
  await proxy.hold({ direction: 'down' });
  await within(
    new Promise((resolve) => {
      if (first.lost.aborted) resolve(undefined);
      else first.lost.addEventListener('abort', resolve);
    }),
    8000,
    'the loss',
  );
});

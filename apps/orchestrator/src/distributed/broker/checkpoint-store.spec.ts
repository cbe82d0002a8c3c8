import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FencedError } from '../../broker/publisher/ports.ts';
import type { Checkpoint } from './checkpoint.ts';
import { CheckpointStore } from './checkpoint-store.ts';
import { readCheckpoints } from './checkpoint-file.ts';

let stack: AsyncDisposableStack;
let folder: string;
let path: string;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  folder = await mkdtemp(join(tmpdir(), 'orchestrator-checkpoints-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  path = join(folder, 'event-index.json');
});

afterEach(() => stack.disposeAsync());

function open(): CheckpointStore {
  return stack.use(new CheckpointStore(path));
}

function checkpointAt(position: bigint, fence = 1n): Checkpoint {
  return { chaincode: 'mycc', ledger: 'genesis', block: position * 2n, event: `${'0a'.repeat(32)}:${position}`, position, fence };
}

describe('the checkpoints', () => {
  it('are what was put last, for the next process too', async () => {
    const store = open();
    expect(await store.begin('mychannel')).toEqual({ checkpoint: undefined, fence: 1n });
    await store.begin('__proto__');
    await store.put('mychannel', checkpointAt(3n));
    await store.put('mychannel', checkpointAt(4n));
    await store.put('__proto__', checkpointAt(7n));
    expect(await store.peek('mychannel')).toEqual(checkpointAt(4n));
    await store[Symbol.asyncDispose]();
    const next = open();
    expect(await next.peek('__proto__')).toEqual(checkpointAt(7n));
    expect(await next.begin('mychannel')).toEqual({ checkpoint: checkpointAt(4n), fence: 2n });
    expect(await next.begin('mychannel')).toEqual({ checkpoint: checkpointAt(4n), fence: 3n });
  });

  it('can be read by people', async () => {
    const store = open();
    await store.begin('mychannel');
    await store.put('mychannel', checkpointAt(3n));
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({
      version: 1,
      channels: {
        mychannel: { chaincode: 'mycc', ledger: 'genesis', block: '6', transaction: '0a'.repeat(32), index: 3, position: '3', fence: '1' },
      },
    });
  });

  it('may be put all at once', async () => {
    const store = open();
    const channels = Array.from({ length: 20 }, (_, index) => `channel-${index}`);
    await Promise.all(channels.map((channel) => store.begin(channel)));
    await Promise.all(channels.flatMap((channel) => [1n, 2n, 3n].map((position) => store.put(channel, checkpointAt(position)))));
    const stored = await readCheckpoints(path);
    expect(channels.map((channel) => stored.get(channel)?.position)).toEqual(channels.map(() => 3n));
    expect((await readdir(folder)).toSorted()).toEqual(['event-index.json', 'event-index.json.lock']);
  });

  it('are not moved by one whose tenure is over', async () => {
    const store = open();
    await store.begin('mychannel');
    await store.begin('mychannel');
    await expect(store.put('mychannel', checkpointAt(3n, 1n))).rejects.toThrow(FencedError);
    await store.put('mychannel', checkpointAt(3n, 2n));
    await expect(store.put('yourchannel', checkpointAt(3n))).rejects.toThrow(FencedError);
  });
});

describe('the file', () => {
  it('is for one server at a time', async () => {
    const first = open();
    const second = open();
    await first.begin('mychannel');
    await expect(second.begin('mychannel')).rejects.toThrow(`the event index ${path} is in use: another server publishes from it`);
    await first.put('mychannel', checkpointAt(5n));
    expect(await second.peek('mychannel')).toEqual(checkpointAt(5n));
    await first[Symbol.asyncDispose]();
    expect(await second.begin('mychannel')).toEqual({ checkpoint: checkpointAt(5n), fence: 2n });
  });

  it('is free at once when its process is killed', async () => {
    const holder = fork(fileURLToPath(new URL('spec-lock-holder.ts', import.meta.url)), [`${path}.lock`], {
      execArgv: ['--conditions=@orchestrator/source'],
    });
    const exited = once(holder, 'exit');
    stack.defer(() => void holder.kill('SIGKILL'));
    expect(await once(holder, 'message')).toEqual(['held', undefined]);
    await expect(open().begin('mychannel')).rejects.toThrow('is in use');
    holder.kill('SIGKILL');
    await exited;
    await open().begin('mychannel');
  });

  it.each([
    ['nothing', ''],
    ['half of it', '{"version": 1, "chan'],
    ['another version', '{"version": 2, "channels": {}}'],
    ['no channels', '{"version": 1}'],
    ['an entry without an event', '{"version": 1, "channels": {"c": {"chaincode": "mycc", "ledger": "l", "block": "1", "position": "1", "fence": "1"}}}'],
    ['an entry with a wrong number', `{"version": 1, "channels": {"c": {"chaincode": "mycc", "ledger": "l", "block": "-1", "transaction": "${'a'.repeat(64)}", "index": 0, "position": "1", "fence": "1"}}}`],
  ])('with %s in it is refused, and kept', async (_, text) => {
    await writeFile(path, text);
    await expect(open().begin('mychannel')).rejects.toThrow(/is damaged: .*put a copy back, or remove it/);
    expect(await readFile(path, 'utf8')).toBe(text);
  });

  it('survives a write that was cut off', async () => {
    const store = open();
    await store.begin('mychannel');
    await store.put('mychannel', checkpointAt(3n));
    await store[Symbol.asyncDispose]();
    await writeFile(`${path}.new`, '{"version": 1, "chan');
    expect(await open().begin('mychannel')).toMatchObject({ checkpoint: { position: 3n } });
  });

  it('makes its folder', async () => {
    const store = stack.use(new CheckpointStore(join(folder, 'data', 'new', 'event-index.json')));
    await store.prepare();
    await store.begin('mychannel');
  });

  it.each([
    ['a folder that takes no files', '/proc/event-index.json'],
    ['no folder', '/proc/version/event-index.json'],
  ])('in %s is refused before anything is published', async (_, where) => {
    const store = stack.use(new CheckpointStore(where));
    const problems = [store.prepare(), store.begin('mychannel')].map((work) => work.then(() => 'fine', String));
    expect((await Promise.all(problems)).join()).toMatch(/cannot be (used|written)/);
  });

  it('that can no longer be written fails what is put', async () => {
    const store = open();
    await store.begin('mychannel');
    await rm(folder, { recursive: true });
    await expect(store.put('mychannel', checkpointAt(3n))).rejects.toThrow(/the event index .* cannot be written: ENOENT/);
  });
});

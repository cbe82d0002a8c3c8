import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually, startTestServer } from './spec-support.ts';
import type { TestServer } from './spec-support.ts';

const queryVersion = '/orchestrator.InfoService/QueryVersion';

let running: TestServer;

beforeEach(async () => {
  running = await startTestServer();
});

afterEach(async () => {
  await running[Symbol.asyncDispose]();
});

describe('the end of the server', () => {
  it('lets calls under way finish and refuses new ones', async () => {
    const work = Promise.withResolvers<Uint8Array>();
    running.mode.answer = () => work.promise;
    const underWay = running.client.unary(queryVersion);
    await eventually(() => running.mode.calls.length === 1);
    const drained = running.server.drain(5000);
    expect(running.mode.drained).toBe(true);
    expect((await running.client.unary(queryVersion, { deadlineMs: 1000 })).code).toBe(status.UNAVAILABLE);
    expect(running.mode.calls).toHaveLength(1);
    work.resolve(Buffer.from('done'));
    expect((await underWay).bytes?.toString()).toBe('done');
    await drained;
  });

  it('answers UNAVAILABLE to calls that take too long, and aborts them', async () => {
    running.mode.answer = () => new Promise(() => undefined);
    const underWay = running.client.unary(queryVersion);
    await eventually(() => running.mode.calls.length === 1);
    await running.server.drain(50);
    expect(await underWay).toMatchObject({ code: status.UNAVAILABLE, details: 'the server is shutting down' });
    expect(running.mode.calls[0]?.signal.aborted).toBe(true);
  });

  it('is one end, however often it is asked for', async () => {
    expect(running.server.drain(1000)).toBe(running.server.drain(1));
    await running.server.drain(1);
  });
});

describe('the start of the server', () => {
  it('is refused on an address in use', async () => {
    const second = startTestServer();
    await using other = await second;
    await expect(other.server.listen(`127.0.0.1:${running.port}`)).rejects.toThrow('EADDRINUSE');
  });
});

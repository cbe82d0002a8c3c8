import { status } from '@grpc/grpc-js';
import type { Metadata } from '@grpc/grpc-js';
import { notFound, SubscribeToEventsParam } from '@orchestrator/lib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UnavailableError } from '../errors.ts';
import type { EventSubscription } from '../mode.ts';
import { endOf, eventually, startTestServer } from './spec-support.ts';
import type { TestServer } from './spec-support.ts';

const path = '/orchestrator.EventService/SubscribeToEvents';

/** A subscription whose batches a test hands over. */
class FakeSubscription implements EventSubscription {
  batchesTaken = 0;
  disposed = false;
  readonly #waiting: ((batch: readonly Uint8Array[]) => void)[] = [];
  readonly #ready: (readonly Uint8Array[])[] = [];
  #fail: (error: Error) => void = () => undefined;

  push(...batch: readonly string[]): void {
    const bytes = batch.map((text) => new TextEncoder().encode(text));
    const next = this.#waiting.shift();
    if (next === undefined) this.#ready.push(bytes);
    else next(bytes);
  }

  fail(error: Error): void {
    this.#fail(error);
  }

  next(): Promise<readonly Uint8Array[]> {
    this.batchesTaken += 1;
    const ready = this.#ready.shift();
    if (ready !== undefined) return Promise.resolve(ready);
    return new Promise((resolve, reject) => {
      this.#waiting.push(resolve);
      this.#fail = reject;
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.disposed = true;
    return Promise.resolve();
  }
}

let running: TestServer;
let subscription: FakeSubscription;

beforeEach(async () => {
  running = await startTestServer();
  subscription = new FakeSubscription();
  running.mode.open = () => Promise.resolve(subscription);
});

afterEach(async () => {
  await running[Symbol.asyncDispose]();
});

describe('the event stream', () => {
  it('sends its initial metadata before there is any event, then the events in order', async () => {
    const opened: unknown[] = [];
    running.mode.open = (caller, startEventId) => {
      opened.push([caller.channel, startEventId]);
      return Promise.resolve(subscription);
    };
    const request = SubscribeToEventsParam.encode({ startEventId: 'e1' }).finish();
    const stream = running.client.stream(path, { request });
    const ended = endOf(stream);
    const metadata = await new Promise<Metadata>((resolve) => stream.once('metadata', resolve));
    expect(metadata).toBeDefined();
    expect(opened).toEqual([['mychannel', 'e1']]);
    const received: string[] = [];
    stream.on('data', (bytes: Buffer) => received.push(bytes.toString()));
    subscription.push('one', 'two');
    subscription.push('three');
    await eventually(() => received.length === 3);
    expect(received).toEqual(['one', 'two', 'three']);
    stream.cancel();
    await ended;
  });

  it('is refused like any call', async () => {
    running.mode.open = () => Promise.reject(notFound('event', 'e1'));
    expect(await endOf(running.client.stream(path))).toMatchObject({
      code: status.NOT_FOUND,
      details: 'OE0002: event with key "e1" not found',
    });
    expect((await endOf(running.client.stream(path, { headers: {} }))).code).toBe(status.FAILED_PRECONDITION);
    expect((await endOf(running.client.stream(path, { request: Buffer.from([255]) }))).details).toMatch(/^OE0101/);
  });

  it('ends with an error status, after the events that came before', async () => {
    const stream = running.client.stream(path);
    const received: string[] = [];
    stream.on('data', (bytes: Buffer) => received.push(bytes.toString()));
    const ended = endOf(stream);
    subscription.push('last');
    await eventually(() => subscription.batchesTaken === 2);
    subscription.fail(new UnavailableError('the server is shutting down'));
    expect(await ended).toMatchObject({ code: status.UNAVAILABLE, details: 'the server is shutting down' });
    expect(received).toEqual(['last']);
    expect(subscription.disposed).toBe(true);
  });

  it('lets its subscription go when the client cancels', async () => {
    const stream = running.client.stream(path);
    const ended = endOf(stream);
    await eventually(() => subscription.batchesTaken === 1);
    stream.cancel();
    expect((await ended).code).toBe(status.CANCELLED);
    await eventually(() => subscription.disposed);
    await eventually(() => running.ends.length === 1);
    expect(running.ends[0]?.code).toBe(status.CANCELLED);
    expect(running.logEntries.filter(([level]) => level === 'error')).toEqual([]);
  });

  it('lets a subscription go that opens only after the client went', async () => {
    const opening = Promise.withResolvers<EventSubscription>();
    running.mode.open = () => opening.promise;
    const stream = running.client.stream(path);
    const ended = endOf(stream);
    await new Promise((resolve) => setTimeout(resolve, 50));
    stream.cancel();
    await ended;
    await eventually(() => running.ends.length === 1);
    opening.resolve(subscription);
    await eventually(() => subscription.disposed);
  });

  it('takes no more from its subscription than a client that does not read can take', async () => {
    const event = 'x'.repeat(100_000);
    for (let index = 0; index < 1000; index += 1) subscription.push(event);
    const stream = running.client.stream(path);
    // Only after its first event does this client library stop reading when it is told to.
    stream.once('data', () => stream.pause());
    await eventually(() => subscription.batchesTaken > 10);
    let before = -1;
    while (before !== subscription.batchesTaken) {
      before = subscription.batchesTaken;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    // The windows of HTTP/2 and the library's buffers on both sides hold a few dozen of these.
    expect(subscription.batchesTaken).toBeLessThan(100);
    let received = 1;
    stream.on('data', () => {
      received += 1;
    });
    stream.resume();
    await eventually(() => received === 1000);
    const ended = endOf(stream);
    stream.cancel();
    await ended;
  });

  it('does not hold the end of the server up when its client does not read', async () => {
    for (let index = 0; index < 100; index += 1) subscription.push('x'.repeat(100_000));
    const stream = running.client.stream(path, { deadlineMs: 60_000 });
    const failed = new Promise((resolve) => stream.once('error', resolve));
    stream.once('data', () => stream.pause());
    await eventually(() => subscription.batchesTaken > 10);
    // Longer than the test may take.
    await running.server.drain(60_000);
    expect(subscription.disposed).toBe(true);
    stream.resume();
    await failed;
  });

  it('is RESOURCE_EXHAUSTED for an event above the limit', async () => {
    const ended = endOf(running.client.stream(path));
    subscription.push('x'.repeat(1_000_001));
    expect((await ended).code).toBe(status.RESOURCE_EXHAUSTED);
    expect(subscription.disposed).toBe(true);
  });

  it('bears a thousand streams on one connection', async () => {
    const subscriptions: FakeSubscription[] = [];
    running.mode.open = () => {
      const fresh = new FakeSubscription();
      subscriptions.push(fresh);
      return Promise.resolve(fresh);
    };
    let received = 0;
    const streams = Array.from({ length: 1000 }, () => running.client.stream(path, { deadlineMs: 15_000 }));
    const ended = streams.map((stream) => {
      stream.on('data', () => {
        received += 1;
      });
      return endOf(stream);
    });
    await eventually(() => subscriptions.length === 1000);
    for (const each of subscriptions) each.push('one', 'two');
    await eventually(() => received === 2000);
    await running.server.drain(5000);
    const codes = new Set((await Promise.all(ended)).map(({ code }) => code));
    expect([...codes]).toEqual([status.UNAVAILABLE]);
    expect(subscriptions.every(({ disposed }) => disposed)).toBe(true);
  });
});

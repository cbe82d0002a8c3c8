import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { Event, SubscribeToEventsParam } from '@orchestrator/lib';
import { createRandom } from '@orchestrator/testing';
import type { ServerProcess } from '@orchestrator/tools';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { A, B, LedgerScene } from '../spec-support-ledger.ts';
import { until } from './spec-support.ts';

const ROUNDS = process.env['ORCHESTRATOR_TEST_EXTENDED'] === '1' ? 20 : 3;
const READERS = 20;
const RECONNECT_DELAY_MS = 50;

const random = createRandom(11);

let scene: LedgerScene;
/** All of mychannel's, in their order. */
let ids: string[];
let server: ServerProcess;

beforeAll(async () => {
  scene = await LedgerScene.open();
  ids = [...(await scene.prepare())];
  server = await scene.startServer();
}, 120_000);

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await scene[Symbol.asyncDispose]();
}, 60_000);

/** Follows the events as a client does: from the last one that it has seen on, again and again. */
class Follower implements Disposable {
  readonly seen: string[] = [];
  readonly ends: status[] = [];
  readonly #mspid: string;
  #last: string;
  #client: Client | undefined;
  #isClosed = false;

  constructor(mspid: string, startEventId: string) {
    this.#mspid = mspid;
    this.#last = startEventId;
    this.#connect();
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.#client?.close();
  }

  #connect(): void {
    if (this.#isClosed) return;
    const client = new Client(server.grpcAddress, credentials.createInsecure());
    this.#client = client;
    const metadata = new Metadata();
    metadata.set('mspid', this.#mspid);
    metadata.set('channel', 'mychannel');
    const serialize = (bytes: Uint8Array): Buffer => Buffer.from(bytes);
    const deserialize = (bytes: Uint8Array): Event => Event.decode(bytes);
    const request = SubscribeToEventsParam.encode({ startEventId: this.#last }).finish();
    const stream = client.makeServerStreamRequest('/orchestrator.EventService/SubscribeToEvents', serialize, deserialize, request, metadata);
    stream.on('data', ({ id }: Event) => {
      this.seen.push(id);
      this.#last = id;
    });
    stream.on('error', ({ code }: ServiceError) => {
      this.ends.push(code);
      client.close();
      setTimeout(() => this.#connect(), RECONNECT_DELAY_MS);
    });
  }
}

describe('streams of a facade', () => {
  it('go on without a gap or a repeat when the facade is killed, and start anywhere', async () => {
    for (let transaction = 0; transaction < 10; transaction += 1) ids.push(...(await scene.addEvents(1 + random.below(5), random)));
    using stack = new DisposableStack();
    const places = Array.from({ length: READERS }, () => random.below(ids.length));
    const followers = places.map((place, index) => stack.use(new Follower(index % 2 === 0 ? A : B, place === 0 ? '' : (ids[place - 1] ?? ''))));
    for (let round = 0; round < ROUNDS; round += 1) {
      ids.push(...(await scene.addEvents(1 + random.below(5), random)));
      if (random.chance(50)) await until('some events', () => followers.some(({ seen }) => seen.at(-1) === ids.at(-1)), 30_000);
      server.kill('SIGKILL');
      ids.push(...(await scene.addEvents(1 + random.below(5), random)));
      server = await scene.startServer();
      ids.push(...(await scene.addEvents(1 + random.below(5), random)));
    }
    for (const [index, place] of places.entries()) {
      const follower = followers[index];
      await until('all events', () => follower?.seen.at(-1) === ids.at(-1), 30_000);
      expect(follower?.seen).toEqual(ids.slice(place));
      expect(new Set(follower?.ends)).toEqual(new Set([status.UNAVAILABLE]));
    }
  }, 180_000);

  it('end with UNAVAILABLE when the facade drains', async () => {
    using follower = new Follower(A, ids.at(-1) ?? '');
    ids.push(...(await scene.addEvents(1, random)));
    await until('the event', () => follower.seen.at(-1) === ids.at(-1), 30_000);
    server.kill('SIGTERM');
    await until('the end', () => follower.ends.length > 0, 30_000);
    expect(follower.ends[0]).toBe(status.UNAVAILABLE);
    server = await scene.startServer();
  }, 60_000);
});

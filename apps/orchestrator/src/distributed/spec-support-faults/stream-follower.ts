import { setTimeout as sleep } from 'node:timers/promises';
import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { Event, SubscribeToEventsParam } from '@orchestrator/lib';
import type { Facades } from './facades.ts';

const PATH = '/orchestrator.EventService/SubscribeToEvents';
const RECONNECT_DELAY_MS = 100;
const POLL_MS = 50;
/** What a client that goes on elsewhere may meet. */
const PASSING: ReadonlySet<number> = new Set([status.UNAVAILABLE]);

/** Follows a channel's events from the first one as a client does: behind the last that it has seen, at the next facade, again and again. */
export class StreamFollower implements Disposable {
  readonly events: Event[] = [];
  readonly #facades: Facades;
  readonly #metadata = new Metadata();
  #connections = 0;
  #client: Client | undefined;
  #failure: ServiceError | undefined;
  #isClosed = false;

  constructor({ facades, channel, mspid }: { readonly facades: Facades; readonly channel: string; readonly mspid: string }) {
    this.#facades = facades;
    this.#metadata.set('channel', channel);
    this.#metadata.set('mspid', mspid);
    this.#connect();
  }

  /** How often it had to connect. */
  get connections(): number {
    return this.#connections;
  }

  /** Waits for an event about an asset. @throws Error when the stream ended for good, or time is up. */
  async reach(assetKey: string, timeoutMs: number): Promise<void> {
    const deadlineMs = Date.now() + timeoutMs;
    while (!this.events.some((event) => event.assetKey === assetKey)) {
      if (this.#failure !== undefined) throw new Error('the event stream ended', { cause: this.#failure });
      if (Date.now() > deadlineMs) throw new Error(`the stream has not told of ${assetKey} within ${timeoutMs} ms, but of ${this.events.length} events`);
      await sleep(POLL_MS);
    }
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.#client?.close();
  }

  #connect(): void {
    if (this.#isClosed) return;
    const client = new Client(this.#facades.address(this.#connections), credentials.createInsecure());
    this.#connections += 1;
    this.#client = client;
    const request = SubscribeToEventsParam.encode({ startEventId: this.events.at(-1)?.id ?? '' }).finish();
    const stream = client.makeServerStreamRequest(PATH, (bytes: Uint8Array) => Buffer.from(bytes), (bytes) => Event.decode(bytes), request, this.#metadata);
    stream.on('data', (event: Event) => this.events.push(event));
    stream.on('error', (error: ServiceError) => {
      client.close();
      if (this.#isClosed) return;
      if (PASSING.has(error.code)) setTimeout(() => this.#connect(), RECONNECT_DELAY_MS);
      else this.#failure = error;
    });
  }
}

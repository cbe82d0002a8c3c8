import { setTimeout as sleep } from 'node:timers/promises';
import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { Event, SubscribeToEventsParam } from '@orchestrator/lib';
import { type Servers, tellsNothing } from './servers.ts';

const PATH = '/orchestrator.EventService/SubscribeToEvents';
const RECONNECT_DELAY_MS = 100;
const POLL_MS = 50;

export interface StreamFollowerOptions {
  readonly servers: Servers;
  readonly channel: string;
  readonly mspid: string;
  /** The place of the server that it begins at; the first unless given. */
  readonly place?: number;
  /** It begins behind this event; with the first one unless given. */
  readonly startEventId?: string;
}

/** Follows a channel's events as a client does: behind the last that it has seen, at the next server, again and again. */
export class StreamFollower implements Disposable {
  readonly events: Event[] = [];
  readonly #options: StreamFollowerOptions;
  readonly #metadata = new Metadata();
  #connections = 0;
  #client: Client | undefined;
  #failure: ServiceError | undefined;
  #isClosed = false;

  constructor(options: StreamFollowerOptions) {
    this.#options = options;
    this.#metadata.set('channel', options.channel);
    this.#metadata.set('mspid', options.mspid);
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
    const { servers, place = 0, startEventId = '' } = this.#options;
    const client = new Client(servers.address(place + this.#connections), credentials.createInsecure());
    this.#connections += 1;
    this.#client = client;
    const request = SubscribeToEventsParam.encode({ startEventId: this.events.at(-1)?.id ?? startEventId }).finish();
    const stream = client.makeServerStreamRequest(PATH, (bytes: Uint8Array) => Buffer.from(bytes), (bytes) => Event.decode(bytes), request, this.#metadata);
    stream.on('data', (event: Event) => this.events.push(event));
    stream.on('error', (error: ServiceError) => {
      client.close();
      if (this.#isClosed) return;
      if (tellsNothing(error)) setTimeout(() => this.#connect(), RECONNECT_DELAY_MS);
      else this.#failure = error;
    });
  }
}

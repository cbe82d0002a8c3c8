import { Connection } from '../client/connection.ts';
import { encodeHeaders } from '../client/headers.ts';
import type { CallHeaders } from '../client/headers.ts';
import type { Reference } from '../client/reference.ts';
import { toCall } from '../workload/api.ts';
import type { SubscriberKind } from './jobs.ts';

/** What a slow one takes at a time: the window of usual clients. */
const SLOW_WINDOW_BYTES = 65_535;
const HURRY_BYTES = 2 ** 30;

/** Before the status of a stream that was not accepted. */
const REFUSED = 'a refusal: ';

/** What all subscribers tell. */
export interface SubscriberListener {
  delivered(kind: SubscriberKind): void;
  failed(why: string): void;
  /** The server was too busy to accept it, which passes: it has to ask again. */
  refused(subscriber: Subscriber): void;
}

export interface SubscriberOptions {
  readonly kind: SubscriberKind;
  readonly address: string;
  readonly headers: CallHeaders;
  /** Of its channel. */
  readonly reference: Reference;
  readonly listener: SubscriberListener;
}

/** One subscriber, over as many connections as it needs. */
export class Subscriber {
  readonly kind: SubscriberKind;
  readonly reference: Reference;
  readonly #options: SubscriberOptions;
  #place = 0;
  #connection: Connection | undefined;
  #isFrozen = false;

  constructor(options: SubscriberOptions) {
    this.kind = options.kind;
    this.reference = options.reference;
    this.#options = options;
  }

  /** How many events it has got. */
  get place(): number {
    return this.#place;
  }

  /** Whether it has a connection. */
  get isConnected(): boolean {
    return this.#connection !== undefined;
  }

  /** Connects, and follows the channel behind the last event that it has got. Resolves when the server has accepted it. */
  async open(): Promise<void> {
    const { address, headers, kind } = this.#options;
    const startEventId = this.#place === 0 ? '' : this.reference.idAt(this.#place - 1);
    const { path, message } = toCall('SubscribeToEvents', { startEventId });
    const connection = await Connection.open(address, kind === 'slow' ? { windowBytes: SLOW_WINDOW_BYTES } : {});
    this.#connection = connection;
    const accepted = Promise.withResolvers<void>();
    let isAccepted = false;
    connection.call(encodeHeaders(path, headers), message, {
      onHeaders: () => {
        isAccepted = true;
        accepted.resolve();
      },
      onMessage: (event) => this.#take(connection, event),
      onEnd: (status) => {
        accepted.resolve();
        this.#ended(connection, isAccepted ? status : `${REFUSED}${status}`);
      },
    });
    await accepted.promise;
  }

  /** Lets the server send a slow one a little more, or all that there is. */
  readOn({ hurries }: { readonly hurries: boolean }): void {
    this.#connection?.grant(hurries ? HURRY_BYTES : SLOW_WINDOW_BYTES);
  }

  /** Reads and answers nothing from now on. */
  freeze(): void {
    this.#isFrozen = true;
    this.#connection?.freeze();
  }

  /** Destroys the connection, without goodbye. */
  async leave(): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    await connection?.[Symbol.asyncDispose]();
  }

  #take(connection: Connection, event: Buffer): void {
    if (connection !== this.#connection) return;
    const { kind, listener } = this.#options;
    if (!this.reference.matches(this.#place, event)) listener.failed(`a ${kind} one got another event than the others at place ${this.#place}`);
    this.#place += 1;
    listener.delivered(kind);
  }

  #ended(connection: Connection, status: string): void {
    if (connection !== this.#connection || this.#isFrozen) return;
    void this.leave();
    if (status === `${REFUSED}UNAVAILABLE`) this.#options.listener.refused(this);
    else this.#options.listener.failed(`the stream of a ${this.kind} one ended with ${status} at place ${this.#place}`);
  }
}

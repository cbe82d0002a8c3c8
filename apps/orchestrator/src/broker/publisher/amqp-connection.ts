import { setTimeout as sleep } from 'node:timers/promises';
import { type ChannelModel, connect } from 'amqplib';
import type { Log } from '../../log/log.ts';
import { BackOff } from './back-off.ts';
import { explainFailure } from './explain.ts';
import { Bell, orAborted } from './signals.ts';

const CONNECT_TIMEOUT_MS = 5000;
const CLOSE_TIMEOUT_MS = 1000;
/** Two beats without a sign of the broker end the connection. The address may say otherwise. */
const HEARTBEAT_SECONDS = '5';

/** What the connection to the broker is in. */
export type ConnectionState = 'connecting' | 'connected' | 'blocked';

/** One connection, from its opening to its end. */
export class Link {
  readonly model: ChannelModel;
  readonly #closed = new AbortController();
  readonly #unblocked = new Set<Bell>();
  #isBlocked = false;

  constructor(model: ChannelModel, log: Log) {
    this.model = model;
    // The error comes first and says more than the end that follows.
    model.on('error', (error) => this.#closed.abort(error));
    model.on('close', (error) => this.#closed.abort(error ?? new Error('the connection to the broker was closed')));
    model.on('blocked', (reason) => {
      this.#isBlocked = true;
      log.warn({ reason }, `the broker takes no events for now: ${reason}; free its memory or disk`);
    });
    model.on('unblocked', () => {
      this.#isBlocked = false;
      log.info({}, 'the broker takes events again');
      for (const bell of this.#unblocked) bell.ring();
    });
  }

  /** Aborted when the connection ends. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /** Whether the broker has an alarm, of memory or disk. */
  get isBlocked(): boolean {
    return this.#isBlocked;
  }

  /** Waits while the broker has an alarm: what is sent then only fills the sockets. */
  async unblocked(signal: AbortSignal): Promise<void> {
    if (!this.#isBlocked) return;
    const bell = new Bell();
    this.#unblocked.add(bell);
    try {
      while (this.#isBlocked) await bell.wait(signal);
    } finally {
      this.#unblocked.delete(bell);
    }
  }
}

export interface AmqpConnectionOptions {
  /** Holds a password. */
  readonly dsn: string;
  readonly log: Log;
  /** Told of each connection but the first. */
  readonly reconnected: () => void;
}

/** The connection to the broker: made again, with growing pauses, whenever it is lost. */
export class AmqpConnection implements AsyncDisposable {
  readonly #options: AmqpConnectionOptions;
  readonly #url: string;
  readonly #backOff = new BackOff();
  readonly #closing = new AbortController();
  readonly #waiting = new Set<Bell>();
  #link: Link | undefined;
  #connections = 0;
  #logged = '';
  #working: Promise<void> | undefined;

  constructor(options: AmqpConnectionOptions) {
    this.#options = options;
    const url = new URL(options.dsn);
    if (!url.searchParams.has('heartbeat')) url.searchParams.set('heartbeat', HEARTBEAT_SECONDS);
    this.#url = url.href;
  }

  get state(): ConnectionState {
    if (this.#link === undefined) return 'connecting';
    return this.#link.isBlocked ? 'blocked' : 'connected';
  }

  start(): void {
    this.#working ??= this.#keepConnected();
  }

  /** The connection, when there is one. @throws the signal's reason. */
  async link(signal: AbortSignal): Promise<Link> {
    const bell = new Bell();
    this.#waiting.add(bell);
    try {
      while (this.#link === undefined) await bell.wait(signal);
      return this.#link;
    } finally {
      this.#waiting.delete(bell);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new Error('the server shuts down'));
    await this.#working;
  }

  async #keepConnected(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        await this.#connectOnce(signal);
      } catch (error) {
        this.#link = undefined;
        if (!signal.aborted) this.#report(error);
      }
      await this.#backOff.wait(signal);
    }
  }

  /** Rejects with what ended the connection. */
  async #connectOnce(signal: AbortSignal): Promise<void> {
    const { log, reconnected } = this.#options;
    const connecting = connect(this.#url, {
      timeout: CONNECT_TIMEOUT_MS,
      noDelay: true,
      keepAlive: true,
      clientProperties: { connection_name: 'orchestrator publisher' },
    });
    const model = await orAborted(connecting, signal).catch((error: unknown) => {
      connecting.then(closeWithin, () => undefined);
      throw error;
    });
    const link = new Link(model, log);
    this.#link = link;
    this.#connections += 1;
    if (this.#connections > 1) reconnected();
    this.#logged = '';
    this.#backOff.reset();
    log.info({}, 'connected to the broker');
    for (const bell of this.#waiting) bell.ring();
    try {
      await orAborted(new Promise<never>(() => undefined), AbortSignal.any([signal, link.closed]));
    } finally {
      this.#link = undefined;
      if (!link.closed.aborted) await closeWithin(model);
    }
  }

  /** The same words once per outage: it is tried again and again. */
  #report(error: unknown): void {
    const reason = explainFailure(error);
    if (reason === this.#logged) return;
    this.#logged = reason;
    this.#options.log.warn({ reason }, `no connection to the broker, events wait in the store: ${reason}`);
  }
}

/** Says goodbye, but not to a broker that does not listen. Never rejects. */
async function closeWithin(model: ChannelModel): Promise<void> {
  const late = new AbortController();
  const isClosed = await Promise.race([
    model.close().then(
      () => true,
      () => true,
    ),
    sleep(CLOSE_TIMEOUT_MS, false, { signal: late.signal }).catch(() => false),
  ]);
  late.abort();
  // The types leave the socket out.
  if (!isClosed) (model.connection as unknown as { readonly stream: { destroy(): void } }).stream.destroy();
}

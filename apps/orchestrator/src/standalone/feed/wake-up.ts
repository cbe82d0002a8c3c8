import { setTimeout as sleep } from 'node:timers/promises';
import { Client, type ClientConfig } from 'pg';
import type { Log } from '../../log/log.ts';

const TOPIC = 'orchestrator_events';
const RECONNECT_DELAY_MS = 500;

/** What a wake-up does. */
export interface WakeUpListener {
  /** Another process has committed events of the channel. */
  onChannel(channelId: number): void;
  /** Notifications may have been lost: any channel may have events. */
  onReconnect(): void;
}

/**
 * Wakes the feeds of other processes, and is woken by them, over one connection.
 *
 * One NOTIFY per channel at most is under way, in a transaction of its own: inside the writing transaction it would
 * hold a lock of the whole database through the commit.
 */
export class WakeUp implements AsyncDisposable {
  readonly #config: ClientConfig;
  readonly #listener: WakeUpListener;
  readonly #log: Log;
  readonly #pending = new Set<number>();
  readonly #closing = new AbortController();
  #client: Client | undefined;
  #sending = false;
  #isLost = false;
  #working: Promise<void> | undefined;

  constructor(config: ClientConfig, listener: WakeUpListener, log: Log) {
    this.#config = config;
    this.#listener = listener;
    this.#log = log;
  }

  /** Connects, and again whenever the connection is lost, until it is closed. */
  start(): void {
    this.#working ??= this.#keepConnected();
  }

  /** Tells the other processes of new events; a channel that is still to be told is told once. */
  notify(channelId: number): void {
    this.#pending.add(channelId);
    if (!this.#sending) void this.#send();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#client?.end().catch(() => undefined);
    await this.#working;
  }

  async #send(): Promise<void> {
    this.#sending = true;
    try {
      while (this.#pending.size > 0 && this.#client !== undefined) {
        const channelIds = [...this.#pending];
        this.#pending.clear();
        await this.#client.query({
          name: 'notify',
          text: 'SELECT pg_notify($1, id::text) FROM unnest($2::int4[]) AS id',
          values: [TOPIC, channelIds],
        });
      }
    } catch {
      // The connection is lost: the others poll.
      this.#pending.clear();
    } finally {
      this.#sending = false;
    }
  }

  async #keepConnected(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      try {
        await this.#listenOnce();
      } catch (error) {
        // Once per outage: it is tried twice a second.
        if (!this.#isLost) {
          this.#log.warn({ error: String(error) }, 'the connection for event notifications is lost, polling until it is back');
        }
        this.#isLost = true;
      }
      this.#client = undefined;
      await sleep(RECONNECT_DELAY_MS, undefined, { signal: this.#closing.signal }).catch(() => undefined);
    }
  }

  /** Resolves or rejects when the connection ends. */
  async #listenOnce(): Promise<void> {
    const client = new Client(this.#config);
    const ended = new Promise<void>((resolve, reject) => {
      client.once('end', resolve);
      // A lost connection may report more than one error; one without a listener would end the process.
      client.on('error', reject);
    });
    ended.catch(() => undefined);
    client.on('notification', (message) => {
      // @types/pg lacks it: the sender's process. Our own events are in the feeds already.
      if (message.processId === (client as unknown as { processID: number }).processID) return;
      this.#listener.onChannel(Number(message.payload));
    });
    try {
      await client.connect();
      await client.query(`LISTEN ${TOPIC}`);
      this.#client = client;
      this.#isLost = false;
      this.#listener.onReconnect();
      if (this.#closing.signal.aborted) await client.end();
      await ended;
    } finally {
      if (this.#client !== client) await client.end().catch(() => undefined);
    }
  }
}

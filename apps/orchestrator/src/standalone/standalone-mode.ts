import { createHash } from 'node:crypto';
import { OrchestrationError, type Procedure, type Replay, replayContent, type ServiceSettings } from '@orchestrator/lib';
import type { Pool } from 'pg';
import { UnavailableError } from '../errors.ts';
import type { PoolState, StoreState } from '../http/metrics.ts';
import type { Log } from '../log/log.ts';
import type { Caller, EventSubscription, Mode, UnaryCall } from '../mode.ts';
import { Feeds, type FeedsSettings } from './feed/feeds.ts';
import { WakeUp } from './feed/wake-up.ts';
import { newEventId } from './event-id.ts';
import { toClientError } from './sql/database-error.ts';
import { openPool, sessionConfig, type SessionSettings } from './sql/pools.ts';
import { ReplayPurge } from './replay-purge.ts';
import { StoreMonitor } from './store-monitor.ts';
import { ChannelIds } from './transactions/channel-ids.ts';
import type { LineSettings } from './transactions/channel-line.ts';
import { ChannelWriter, type WriterObserver } from './transactions/channel-writer.ts';
import { Reader } from './transactions/reader.ts';

/** Everything that standalone mode is told. */
export interface StandaloneSettings {
  readonly session: SessionSettings;
  readonly readPoolSize: number;
  readonly retryBudgetMs: number;
  readonly line: LineSettings;
  readonly services: ServiceSettings;
  /** Largest answer in bytes. */
  readonly maxAnswerBytes: number;
  readonly feeds: FeedsSettings;
  readonly idempotencyRetentionMs: number;
}

/** What standalone mode reports. */
export interface StandaloneObserver extends Omit<WriterObserver, 'committed'> {
  subscribed(channel: string): void;
  unsubscribed(channel: string): void;
}

interface Channel {
  readonly id: number;
  readonly name: string;
}

/** A channel writes over one connection at a time; so many channels write at once without waiting for each other. */
const MAX_WRITING_CHANNELS = 200;

// One connection for the feeds' reading and the monitor's pings, one for notifications: all that subscribers cost.
const FEED_POOL_SIZE = 1;

/** Standalone mode: the business logic over PostgreSQL. */
export class StandaloneMode implements Mode, StoreState {
  readonly #settings: StandaloneSettings;
  readonly #observer: StandaloneObserver;
  readonly #readPool: Pool;
  readonly #writePool: Pool;
  readonly #feedPool: Pool;
  readonly #channelIds: ChannelIds;
  readonly #reader: Reader;
  readonly #writers = new Map<number, ChannelWriter>();
  readonly #writersByName = new Map<string, ChannelWriter>();
  readonly #feeds: Feeds;
  readonly #wakeUp: WakeUp;
  readonly #monitor: StoreMonitor;
  readonly #purge: ReplayPurge;
  readonly #storedListeners: ((channel: string | undefined) => void)[] = [];
  #isDraining = false;

  constructor(settings: StandaloneSettings, observer: StandaloneObserver, log: Log) {
    this.#settings = settings;
    this.#observer = observer;
    this.#readPool = openPool(settings.session, settings.readPoolSize, log);
    this.#writePool = openPool(settings.session, MAX_WRITING_CHANNELS, log);
    this.#feedPool = openPool(settings.session, FEED_POOL_SIZE, log);
    this.#channelIds = new ChannelIds(this.#readPool);
    this.#reader = new Reader({
      pool: this.#readPool,
      settings: settings.services,
      line: settings.line,
      retryBudgetMs: settings.retryBudgetMs,
      retried: () => observer.retried(),
    });
    this.#feeds = new Feeds(this.#feedPool, settings.feeds, log);
    const listener = {
      onChannel: (channelId: number) => {
        this.#feeds.wake(channelId);
        this.#tellStored(this.#channelIds.nameOf(channelId));
      },
      onReconnect: () => {
        this.#feeds.wakeAll();
        this.#tellStored(undefined);
      },
    };
    this.#wakeUp = new WakeUp(sessionConfig(settings.session), listener, log);
    this.#monitor = new StoreMonitor(this.#feedPool, log);
    this.#purge = new ReplayPurge(this.#readPool, settings.idempotencyRetentionMs, log);
  }

  /** Starts what runs beside the requests. */
  start(): void {
    this.#wakeUp.start();
    this.#monitor.start();
  }

  async call(call: UnaryCall): Promise<Uint8Array> {
    const { caller, procedure, request, signal } = call;
    const channel = await this.#channel(caller.channel);
    if (procedure.kind !== 'write') {
      return this.#read(call, channel);
    }
    this.#reader.notice({ mspid: caller.mspid, channel });
    const replay = createReplay(procedure, request, caller.idempotencyKey);
    return this.#writer(channel).submit({ procedure, request, mspid: caller.mspid, signal, replay });
  }

  async subscribe(caller: Caller, startEventId: string): Promise<EventSubscription> {
    if (this.#isDraining) throw shutsDown();
    const subscription = await this.#feeds.subscribe(await this.#channel(caller.channel), { mspid: caller.mspid, startEventId });
    this.#observer.subscribed(caller.channel);
    return {
      next: () => subscription.next(),
      [Symbol.asyncDispose]: async () => {
        this.#observer.unsubscribed(caller.channel);
        await subscription[Symbol.asyncDispose]();
      },
    };
  }

  isReady(): boolean {
    return this.#monitor.isReady && !this.#isDraining;
  }

  onReadiness(listener: (ready: boolean) => void): void {
    this.#monitor.onChange(() => listener(this.isReady()));
  }

  /** Tells which servers the schema serves: see `StoreMonitor`. */
  onSchema(listener: (serves: number) => void): void {
    this.#monitor.onSchema(listener);
  }

  /** Tells of new events that were stored: in the channel, or in any one when it is undefined. They may be told twice. */
  onStored(listener: (channel: string | undefined) => void): void {
    this.#storedListeners.push(listener);
  }

  pools(): ReadonlyMap<string, PoolState> {
    const read = stateOf(this.#readPool);
    return new Map([
      ['read', { ...read, waiting: read.waiting + this.#reader.waiting }],
      ['write', stateOf(this.#writePool)],
      ['feed', stateOf(this.#feedPool)],
    ]);
  }

  lines(): ReadonlyMap<string, number> {
    return new Map([...this.#writersByName].map(([name, writer]) => [name, writer.waiting]));
  }

  subscriberLags(): ReadonlyMap<string, number> {
    return this.#feeds.lags();
  }

  drain(): void {
    this.#isDraining = true;
    this.#feeds.end(shutsDown());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.drain();
    await Promise.all([...this.#writers.values()].map((writer) => writer.idle()));
    this.#purge[Symbol.dispose]();
    await this.#feeds[Symbol.asyncDispose]();
    await this.#monitor[Symbol.asyncDispose]();
    await this.#wakeUp[Symbol.asyncDispose]();
    await Promise.all([this.#readPool.end(), this.#writePool.end(), this.#feedPool.end()]);
  }

  #tellStored(channel: string | undefined): void {
    for (const listener of this.#storedListeners) listener(channel);
  }

  async #read({ procedure, request, caller, signal, deadlineMs }: UnaryCall, channel: Channel): Promise<Uint8Array> {
    try {
      const answer = await this.#reader.read({ procedure, request, mspid: caller.mspid, channel, signal, deadlineMs });
      this.#observer.finished(procedure, 'committed');
      return answer;
    } catch (error) {
      this.#observer.finished(procedure, error instanceof OrchestrationError ? 'refused' : 'failed');
      throw error;
    }
  }

  async #channel(name: string): Promise<Channel> {
    try {
      return { id: await this.#channelIds.get(name), name };
    } catch (error) {
      throw toClientError(error);
    }
  }

  #writer(channel: Channel): ChannelWriter {
    const known = this.#writers.get(channel.id);
    if (known !== undefined) return known;
    const writer = new ChannelWriter({
      channel,
      pool: this.#writePool,
      line: this.#settings.line,
      settings: this.#settings.services,
      maxAnswerBytes: this.#settings.maxAnswerBytes,
      retryBudgetMs: this.#settings.retryBudgetMs,
      newEventId,
      aloneProcedures: new Set(),
      observer: {
        committed: ({ id, name }, events) => {
          this.#feeds.push(id, events);
          this.#wakeUp.notify(id);
          this.#tellStored(name);
        },
        changed: (procedure, name, events) => this.#observer.changed(procedure, name, events),
        finished: (procedure, outcome) => this.#observer.finished(procedure, outcome),
        retried: () => this.#observer.retried(),
        turnCame: (name, waitedMs) => this.#observer.turnCame(name, waitedMs),
      },
    });
    this.#writers.set(channel.id, writer);
    this.#writersByName.set(channel.name, writer);
    return writer;
  }
}

function stateOf({ totalCount, idleCount, waitingCount, options }: Pool): PoolState {
  return { open: totalCount, idle: idleCount, waiting: waitingCount, limit: options.max };
}

function createReplay(procedure: Procedure, request: unknown, key: string | undefined): Replay | undefined {
  if (key === undefined) return undefined;
  return { key, digest: createHash('sha256').update(replayContent(procedure, request)).digest('hex') };
}

function shutsDown(): UnavailableError {
  return new UnavailableError('the server shuts down');
}

import { type Event, Event as EventCodec, procedures } from '@orchestrator/lib';
import { buildNewComputePlan, buildNewComputeTask, buildNewFunction, createRandom } from '@orchestrator/testing';
import { createTestDatabase, type TestDatabase } from '@orchestrator/tools';
import type { Log } from '../log/log.ts';
import type { Caller, EventSubscription } from '../mode.ts';
import { migrate } from './migrations/migrate.ts';
import { StandaloneMode, type StandaloneObserver, type StandaloneSettings } from './standalone-mode.ts';
import { within } from '../spec-waiting.ts';

export { refusalOf, within } from '../spec-waiting.ts';

/** Drops everything: the specs look at answers, not at the log. */
export const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLog,
};

const quietObserver: StandaloneObserver = {
  changed: () => undefined,
  finished: () => undefined,
  retried: () => undefined,
  turnCame: () => undefined,
  subscribed: () => undefined,
  unsubscribed: () => undefined,
};

/** A database with the schema, made from a template. */
export function createMigratedDatabase(): Promise<TestDatabase> {
  const migrateTemplate = async (url: string): Promise<void> => {
    await migrate(url);
  };
  return createTestDatabase({ template: { name: 'orchestrator', migrate: migrateTemplate } });
}

/** What a spec changes of the usual settings. */
export interface ModeOptions {
  readonly groupSize?: number;
  readonly lockTimeoutMs?: number;
  readonly statementTimeoutMs?: number;
  readonly retryBudgetMs?: number;
  readonly queueLimit?: number;
  readonly pollIntervalMs?: number;
  readonly bufferBytes?: number;
  readonly outageTimeoutMs?: number;
  readonly maxAnswerBytes?: number;
  readonly observer?: Partial<StandaloneObserver>;
  /** Whether pings and notifications run beside the requests; they do unless this is false. */
  readonly start?: boolean;
}

/** Standalone mode on a database, with short times. */
export function openMode(url: string, options: ModeOptions = {}): StandaloneMode {
  const settings: StandaloneSettings = {
    session: {
      connectionString: url,
      lockTimeoutMs: options.lockTimeoutMs ?? 5000,
      statementTimeoutMs: options.statementTimeoutMs ?? 10_000,
      logSql: false,
    },
    readPoolSize: 4,
    retryBudgetMs: options.retryBudgetMs ?? 2000,
    line: { limit: options.queueLimit ?? 1000, timeoutMs: 10_000, groupSize: options.groupSize ?? 16 },
    services: { version: 'test', maxPageBytes: 4_193_280 },
    maxAnswerBytes: options.maxAnswerBytes ?? 33_554_432,
    feeds: {
      bufferBytes: options.bufferBytes ?? 1_000_000,
      outageTimeoutMs: options.outageTimeoutMs ?? 10_000,
      retryDelayMs: 50,
      batchSize: 100,
      batchBytes: 1_000_000,
      pollIntervalMs: options.pollIntervalMs ?? 60_000,
      maxSubscribers: 10_000,
    },
    idempotencyRetentionMs: 86_400_000,
  };
  const mode = new StandaloneMode(settings, { ...quietObserver, ...options.observer }, silentLog);
  if (options.start !== false) mode.start();
  return mode;
}

/** Headers of a call, by default MyOrg1MSP's in mychannel. */
export function callerOf(changed: Partial<Caller> = {}): Caller {
  return { channel: 'mychannel', mspid: 'MyOrg1MSP', requestId: 'spec', ...changed };
}

/** Calls a procedure by name and decodes the answer. */
export async function call<T>(mode: StandaloneMode, method: string, request: object, caller = callerOf()): Promise<T> {
  const procedure = procedures.find((row) => row.method === method);
  if (procedure === undefined) throw new Error(`no procedure ${method}`);
  const signal = new AbortController().signal;
  const answer = await mode.call({ procedure, request, caller, signal, deadlineMs: Infinity });
  return procedure.response.decode(answer) as T;
}

/** Everything that a spec needs to register tasks. */
export interface Scene {
  readonly functionKey: string;
  readonly computePlanKey: string;
  /** A task of the scene, with other keys each time. */
  task(changed?: object): ReturnType<typeof buildNewComputeTask>;
  /** The key of a plan or another asset that nobody has used. */
  newKey(): string;
}

/** Registers the caller, a function that is READY and a plan. */
export async function setScene(mode: StandaloneMode, seed: number, caller = callerOf()): Promise<Scene> {
  const random = createRandom(seed);
  const outputs = new Map([['model', { kind: 8 as const, multiple: false }]]);
  const inputs = new Map([['model', { kind: 8 as const, multiple: true, optional: true }]]);
  const fn = { ...buildNewFunction(random), inputs, outputs };
  const plan = buildNewComputePlan(random);
  await call(mode, 'RegisterOrganization', { address: '' }, caller);
  await call(mode, 'RegisterFunction', fn, caller);
  await call(mode, 'ApplyFunctionAction', { functionKey: fn.key, action: 1 }, caller);
  await call(mode, 'ApplyFunctionAction', { functionKey: fn.key, action: 4 }, caller);
  await call(mode, 'RegisterPlan', plan, caller);
  return {
    functionKey: fn.key,
    computePlanKey: plan.key,
    newKey: () => random.key(),
    task: (changed = {}) =>
      buildNewComputeTask(random, {
        functionKey: fn.key,
        computePlanKey: plan.key,
        worker: caller.mspid,
        ...changed,
      }),
  };
}

/** Reads `count` events of a subscription, with a deadline. */
export async function takeEvents(subscription: EventSubscription, count: number): Promise<Event[]> {
  const events: Event[] = [];
  while (events.length < count) {
    const next = await within(subscription.next(), 10_000, `event ${events.length + 1} of ${count}`);
    events.push(...next.map((bytes) => EventCodec.decode(bytes)));
  }
  return events;
}

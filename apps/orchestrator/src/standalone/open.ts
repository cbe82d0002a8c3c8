import { Client } from 'pg';
import type { PublishedChannels } from '../broker/publisher/publisher.ts';
import type { StandaloneConfig } from '../config/config.ts';
import { readVersion } from '../cli/version.ts';
import type { Metrics } from '../http/metrics.ts';
import { describeError } from '../log/describe-error.ts';
import type { Log } from '../log/log.ts';
import { maskUrl } from '../log/mask-url.ts';
import type { OpenedMode } from '../server.ts';
import { checkSchema, migrate } from './migrations/migrate.ts';
import { readMigrations } from './migrations/migration-files.ts';
import { StandaloneMode, type StandaloneObserver, type StandaloneSettings } from './standalone-mode.ts';

/** How long a stream waits for a store that is out of reach, and how often it asks. */
const OUTAGE_TIMEOUT_MS = 30_000;
const OUTAGE_RETRY_DELAY_MS = 250;

/** Events travel in pages of at most this size. */
const FEED_BATCH_BYTES = 4_194_304;

interface Parts {
  readonly config: StandaloneConfig;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly channels: PublishedChannels;
  /** What is opened is put here. */
  readonly stack: AsyncDisposableStack;
}

interface Store {
  readonly url: string;
  /** For people. */
  readonly description: string;
}

/** Opens standalone mode: the database with its schema, then the services. @throws Error with one clear sentence */
export async function openStandalone(parts: Parts): Promise<OpenedMode> {
  const { config, log, metrics, stack } = parts;
  const store = await openStore(config, log, stack);
  await prepareSchema(config, store, log);
  const settings = toSettings(config, store.url);
  const mode = stack.use(new StandaloneMode(settings, toObserver(metrics), log));
  const { length: version } = await readMigrations();
  mode.onSchema((serves) => {
    if (serves <= version) return;
    // It would misread what newer servers write, and they what it writes. The next start says what to do.
    log.error({ serves, version }, 'the schema was migrated and no longer serves this server, use a newer one: shutting down');
    process.kill(process.pid, 'SIGTERM');
  });
  metrics.observeStore(mode);
  mode.start();
  const brokerState = await startPublishing(parts, settings, mode);
  return { mode, store: store.description, ...(brokerState === undefined ? {} : { brokerState }) };
}

/** @returns what tells of the connection to the broker, where there is one. */
async function startPublishing(
  { config, log, metrics, channels, stack }: Parts,
  { session, feeds }: StandaloneSettings,
  mode: StandaloneMode,
): Promise<(() => string) | undefined> {
  const { broker } = config;
  if (broker === undefined) return undefined;
  const { pollIntervalMs } = feeds;
  const { openPublisher } = await import('../broker/postgres/open-publisher.ts');
  const publisher = openPublisher({ broker, session, pollIntervalMs, channels, observer: metrics.broker, log, stack });
  mode.onStored((channel) => publisher.wake(channel));
  publisher.start();
  return () => publisher.state;
}

async function openStore(config: StandaloneConfig, log: Log, stack: AsyncDisposableStack): Promise<Store> {
  if (config.store.kind === 'external') {
    return { url: config.store.url, description: `PostgreSQL at ${maskUrl(config.store.url)}` };
  }
  const { dataDir } = config.store;
  // Its binaries are not in every installation.
  const { startEmbeddedPostgres } = await import('@orchestrator/embedded-postgres');
  const embedded = stack.use(await startEmbeddedPostgres({ dataDir, log }));
  embedded.onExit(({ reason, final }) => {
    if (!final) return;
    // Another server has taken the folder over: this one has nothing left to serve from.
    log.error({ reason }, 'the embedded database is lost for good: shutting down');
    process.kill(process.pid, 'SIGTERM');
  });
  const description = `embedded PostgreSQL ${embedded.version}, data in ${dataDir}, for this one process`;
  return { url: embedded.connectionString, description };
}

async function prepareSchema(config: StandaloneConfig, { url, description }: Store, log: Log): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000, application_name: 'orchestrator' });
  client.on('error', (error) => log.debug({ error: error.message }, 'the connection for the schema was lost'));
  try {
    await client.connect();
  } catch (error) {
    // Without the cause: the sentence has its words already.
    throw new Error(`${description} cannot be reached: ${describeError(error)}`);
  }
  try {
    if (config.store.kind === 'embedded' || config.database.migrate) {
      const applied = await migrate(client);
      if (applied.length > 0) log.info({ applied }, 'migrated the schema');
    }
    await checkSchema(client);
  } finally {
    await client.end();
  }
}

function toSettings(config: StandaloneConfig, connectionString: string): StandaloneSettings {
  const { database, events, grpc, requests } = config;
  return {
    session: {
      connectionString,
      lockTimeoutMs: database.lockTimeoutMs,
      statementTimeoutMs: database.statementTimeoutMs,
      logSql: database.logSql,
    },
    readPoolSize: database.poolSize,
    retryBudgetMs: requests.retryBudgetMs,
    line: { limit: requests.queueLimit, timeoutMs: requests.queueTimeoutMs, groupSize: requests.groupSize },
    services: { version: readVersion(), maxPageBytes: requests.maxPageBytes },
    maxAnswerBytes: grpc.maxSendBytes,
    feeds: {
      bufferBytes: events.bufferBytes,
      outageTimeoutMs: OUTAGE_TIMEOUT_MS,
      retryDelayMs: OUTAGE_RETRY_DELAY_MS,
      batchSize: events.replayBatchSize,
      batchBytes: FEED_BATCH_BYTES,
      pollIntervalMs: events.pollIntervalMs,
      maxSubscribers: events.maxSubscribers,
    },
    idempotencyRetentionMs: requests.idempotencyRetentionMs,
  };
}

function toObserver(metrics: Metrics): StandaloneObserver {
  return {
    changed: (_procedure, channel, events) => metrics.observeEvents(channel, events),
    finished: (procedure, outcome) => metrics.transaction(procedure.method, outcome),
    retried: () => metrics.transactionRetried(),
    turnCame: (channel, waitedMs) => metrics.turnCame(channel, waitedMs),
    subscribed: (channel) => metrics.subscriberAdded(channel),
    unsubscribed: (channel) => metrics.subscriberRemoved(channel),
  };
}

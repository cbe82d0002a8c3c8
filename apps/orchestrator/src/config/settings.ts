import { brokerSettings } from './broker-settings.ts';
import { distributedSettings } from './distributed-settings.ts';
import * as kinds from './kinds.ts';
import { inGroup, MODES } from './setting.ts';
import type { Setting } from './setting.ts';
import { trustSettings } from './trust-settings.ts';

const MAX_MESSAGE_BYTES = 1_073_741_824;

const general = inGroup('General');
const store = inGroup('Store', 'standalone');
const requests = inGroup('Requests');
const events = inGroup('Events');
const tls = inGroup('TLS');

/** Every variable that the server knows. */
export const settings = {
  mode: general({
    name: 'ORCHESTRATOR_MODE',
    kind: kinds.choice(MODES),
    default: 'standalone',
    description: 'Execution mode: `standalone` over PostgreSQL, `distributed` over a Hyperledger Fabric network.',
  }),
  grpcAddress: general({
    name: 'ORCHESTRATOR_GRPC_ADDRESS',
    kind: kinds.address,
    otherwise: '`0.0.0.0:9000`; `127.0.0.1:9000` with the embedded store',
    description: 'Where gRPC listens. Port 0 picks a free one; the start-up line says which.',
  }),
  httpAddress: general({
    name: 'ORCHESTRATOR_HTTP_ADDRESS',
    kind: kinds.address,
    otherwise: '`0.0.0.0:8484`; `127.0.0.1:8484` with the embedded store',
    description: 'Where `/healthz`, `/readyz` and `/metrics` are served. Port 0 picks a free one.',
  }),
  channelConfig: general({
    name: 'ORCHESTRATOR_CHANNEL_CONFIG',
    kind: kinds.path,
    otherwise: 'mychannel and yourchannel with MyOrg1MSP and MyOrg2MSP, only with the embedded store',
    description: 'YAML file with the channels and their organizations. Read again when it changes.',
  }),
  shutdownTimeoutMs: general({
    name: 'ORCHESTRATOR_SHUTDOWN_TIMEOUT',
    kind: kinds.duration('0s', '10m'),
    default: '15s',
    description: 'How long calls under way may take to finish after SIGTERM or SIGINT.',
  }),
  logLevel: general({
    name: 'LOG_LEVEL',
    kind: kinds.choice(['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL']),
    default: 'INFO',
    description: 'The least important entries that are written.',
  }),
  noColor: general({
    name: 'NO_COLOR',
    kind: kinds.presence,
    otherwise: 'unset',
    description: 'With any value, the log on a terminal has no colours. Elsewhere the log is JSON lines.',
  }),
  logSqlVerbose: general({
    name: 'LOG_SQL_VERBOSE',
    mode: 'standalone',
    kind: kinds.boolean,
    default: 'false',
    description: 'Log each statement with its duration, at level DEBUG, without its values.',
  }),
  metricsEnabled: general({
    name: 'METRICS_ENABLED',
    kind: kinds.boolean,
    default: 'false',
    description: 'Serve Prometheus metrics at `/metrics` of the HTTP address.',
  }),

  databaseUrl: store({
    name: 'ORCHESTRATOR_DATABASE_URL',
    kind: kinds.url(['postgresql', 'postgres']),
    otherwise: 'the embedded store',
    secret: true,
    refusesEmpty: true,
    description: 'PostgreSQL 15 or newer. Several servers may share one database.',
  }),
  dataDir: general({
    name: 'ORCHESTRATOR_DATA_DIR',
    kind: kinds.path,
    default: './data',
    description: 'Where the embedded store keeps its data, and distributed mode its event index. One server at a time.',
  }),
  migrate: store({
    name: 'ORCHESTRATOR_MIGRATE',
    kind: kinds.boolean,
    default: 'false',
    description: 'Migrate the schema at start, under a lock. The embedded store always does.',
  }),
  databasePoolSize: store({
    name: 'ORCHESTRATOR_DATABASE_POOL_SIZE',
    kind: kinds.integer(1, 1000),
    default: '16',
    description:
      'Most database connections for reading; an eighth of them for one organization while others call, too. Writing and the event feed have a few of their own.',
  }),
  lockTimeoutMs: store({
    name: 'ORCHESTRATOR_LOCK_TIMEOUT',
    kind: kinds.duration('10ms', '10m'),
    default: '10s',
    description: 'How long a statement waits for a lock that another server holds.',
  }),
  statementTimeoutMs: store({
    name: 'ORCHESTRATOR_STATEMENT_TIMEOUT',
    kind: kinds.duration('100ms', '1h'),
    default: '30s',
    description: 'How long one statement may run. A connection that says nothing for this and the lock timeout together is given up.',
  }),

  grpcMaxReceiveBytes: requests({
    name: 'ORCHESTRATOR_GRPC_MAX_RECEIVE_BYTES',
    kind: kinds.integer(1024, MAX_MESSAGE_BYTES),
    default: '33554432',
    description: 'Largest request message, in bytes.',
  }),
  grpcMaxSendBytes: requests({
    name: 'ORCHESTRATOR_GRPC_MAX_SEND_BYTES',
    kind: kinds.integer(1024, MAX_MESSAGE_BYTES),
    default: '33554432',
    description: 'Largest answer message, in bytes.',
  }),
  maxPageBytes: requests({
    name: 'ORCHESTRATOR_MAX_PAGE_BYTES',
    kind: kinds.integer(1024, MAX_MESSAGE_BYTES),
    default: '4193280',
    description: 'Largest page of a listing, in bytes: 4 MiB, what clients take unless told otherwise, less 1 KiB.',
  }),
  keepaliveMinTimeMs: requests({
    name: 'ORCHESTRATOR_GRPC_KEEPALIVE_POLICY_MIN_TIME',
    kind: kinds.duration('0s', '24h'),
    default: '10s',
    description: 'A client that pings more often than that, three times in a row, loses its connection.',
  }),
  keepalivePermitWithoutStream: requests({
    name: 'ORCHESTRATOR_GRPC_KEEPALIVE_POLICY_PERMIT_WITHOUT_STREAM',
    kind: kinds.boolean,
    default: 'true',
    description: 'Whether clients may ping while no call is under way.',
  }),
  retryBudgetMs: requests({
    name: 'ORCHESTRATOR_TX_RETRY_BUDGET',
    mode: 'standalone',
    kind: kinds.duration('0s', '1m'),
    default: '500ms',
    description: 'How long a request is retried after a conflict or a lost database connection.',
  }),
  queueLimit: requests({
    name: 'ORCHESTRATOR_QUEUE_LIMIT',
    kind: kinds.integer(1, 1_000_000),
    default: '10000',
    description:
      'Most requests that wait for their turn, in a channel, to read or at a peer. More are answered UNAVAILABLE, first those of the organization with most of them.',
  }),
  queueTimeoutMs: requests({
    name: 'ORCHESTRATOR_QUEUE_TIMEOUT',
    mode: 'standalone',
    kind: kinds.duration('10ms', '1h'),
    default: '30s',
    description: 'How long a request waits for its turn, to write in a channel or to read, if its own deadline is not earlier.',
  }),
  groupSize: requests({
    name: 'ORCHESTRATOR_GROUP_SIZE',
    mode: 'standalone',
    kind: kinds.integer(1, 1000),
    default: '16',
    description: 'Most writing requests of a channel that may share one database transaction.',
  }),
  idempotencyRetentionMs: requests({
    name: 'ORCHESTRATOR_IDEMPOTENCY_RETENTION',
    mode: 'standalone',
    kind: kinds.duration('1m', '8760h'),
    default: '24h',
    description: 'How long the answer to a request with an idempotency key is kept.',
  }),

  replayEventsBatchSize: events({
    name: 'ORCHESTRATOR_REPLAY_EVENTS_BATCH_SIZE',
    kind: kinds.integer(1, 100_000),
    default: '100',
    description: 'Most events that are read at once, from the store or the ledger, for a subscriber that catches up.',
  }),
  eventBufferBytes: events({
    name: 'ORCHESTRATOR_EVENT_BUFFER_BYTES',
    kind: kinds.integer(0, MAX_MESSAGE_BYTES),
    default: '8388608',
    description: 'Recent events kept in memory for subscribers, in bytes per channel.',
  }),
  eventPollIntervalMs: events({
    name: 'ORCHESTRATOR_EVENT_POLL_INTERVAL',
    mode: 'standalone',
    kind: kinds.duration('50ms', '10m'),
    default: '2s',
    description: 'How often the store is asked for events of other servers, in case a notification was lost.',
  }),
  maxSubscribers: events({
    name: 'ORCHESTRATOR_MAX_SUBSCRIBERS',
    kind: kinds.integer(1, 1_000_000),
    default: '10000',
    description: 'Most event streams of a channel. More are answered UNAVAILABLE.',
  }),

  tlsEnabled: tls({
    name: 'ORCHESTRATOR_TLS_ENABLED',
    kind: kinds.boolean,
    default: 'false',
    description: 'Serve gRPC over TLS 1.2 or newer.',
  }),
  tlsCertPath: tls({
    name: 'ORCHESTRATOR_TLS_CERT_PATH',
    kind: kinds.path,
    otherwise: 'needed with TLS',
    description: "The server's certificate chain, PEM. Read again when it changes.",
  }),
  tlsKeyPath: tls({
    name: 'ORCHESTRATOR_TLS_KEY_PATH',
    kind: kinds.path,
    otherwise: 'needed with TLS',
    description: "The certificate's private key, PEM. Read again when it changes.",
  }),
  mtlsEnabled: tls({
    name: 'ORCHESTRATOR_MTLS_ENABLED',
    kind: kinds.boolean,
    default: 'false',
    description: 'Require client certificates.',
  }),
  tlsServerCaCert: tls({
    name: 'ORCHESTRATOR_TLS_SERVER_CA_CERT',
    kind: kinds.path,
    otherwise: 'none',
    description: "The CA of the server's own certificate, PEM, by which `orchestrator probe --grpc` checks it.",
  }),
  tlsClientCaCertDir: tls({
    name: 'ORCHESTRATOR_TLS_CLIENT_CA_CERT_DIR',
    kind: kinds.path,
    otherwise: 'needed with client certificates',
    description:
      'Folder with the CA certificates of each organization: `<MSPID>/<file>`, links followed. Read again on change.',
  }),
  verifyClientMspId: tls({
    name: 'ORCHESTRATOR_VERIFY_CLIENT_MSP_ID',
    kind: kinds.boolean,
    default: 'false',
    description:
      'The client certificate must name the organization of the `mspid` header (`O=`) and be signed by one of its CAs.',
  }),

  ...trustSettings,
  ...brokerSettings,
  ...distributedSettings,
} as const;

export type SettingKey = keyof typeof settings;

/** The typed value of each setting; those without a default may be missing. */
export type Values = {
  readonly [K in SettingKey]: (typeof settings)[K] extends Setting<infer T, infer Default>
    ? T | (Default extends string ? never : undefined)
    : never;
};

/** The settings in the order of the table. */
export const settingEntries = Object.entries(settings) as readonly (readonly [SettingKey, Setting<unknown>])[];

import type { LogLevel } from '../log/log.ts';
import type { Address } from './address.ts';
import type { ChannelTable } from './channels.ts';

/** PostgreSQL in a process of our own, or somebody else's. */
export type StoreConfig =
  | { readonly kind: 'embedded'; /** Absolute. */ readonly dataDir: string }
  | { readonly kind: 'external'; /** Holds a password: show it only through `maskUrl`. */ readonly url: string };

export interface DatabaseConfig {
  /** Most connections for reading. */
  readonly poolSize: number;
  readonly lockTimeoutMs: number;
  readonly statementTimeoutMs: number;
  /** Whether the server migrates the schema at start. */
  readonly migrate: boolean;
  readonly logSql: boolean;
}

export interface TlsConfig {
  readonly enabled: boolean;
  readonly certPath?: string | undefined;
  readonly keyPath?: string | undefined;
  /** Client certificates are required. */
  readonly mtls: boolean;
  /** CA file of the server's own certificate. */
  readonly serverCaCert?: string | undefined;
  /** `<dir>/<MSPID>/<file>`. */
  readonly clientCaCertDir?: string | undefined;
  readonly verifyClientMspId: boolean;
}

/** Where events are published. */
export interface BrokerConfig {
  /** Holds a password: show it only through `maskUrl`. */
  readonly dsn: string;
  readonly exchange: string;
}

/** Everything that the server is told from outside. Frozen; made once at start. */
export interface Config {
  readonly mode: 'standalone';
  readonly logging: { readonly level: LogLevel; readonly color: boolean };
  readonly metrics: { readonly enabled: boolean };
  readonly grpc: {
    readonly address: Address;
    readonly maxReceiveBytes: number;
    readonly maxSendBytes: number;
    readonly keepaliveMinTimeMs: number;
    readonly keepalivePermitWithoutStream: boolean;
    readonly maxCallsPerConnection: number;
    readonly maxCallsPerOrganization: number;
    readonly maxSubscribersPerOrganization: number;
  };
  readonly http: { readonly address: Address };
  readonly tls: TlsConfig;
  /** `stdout` or a path; without it there is no audit log. */
  readonly auditLog?: string | undefined;
  readonly store: StoreConfig;
  readonly database: DatabaseConfig;
  readonly requests: {
    readonly maxPageBytes: number;
    readonly retryBudgetMs: number;
    /** Most writing requests that wait in a channel. */
    readonly queueLimit: number;
    readonly queueTimeoutMs: number;
    /** Most writing requests that share a transaction. */
    readonly groupSize: number;
    readonly idempotencyRetentionMs: number;
  };
  readonly events: {
    readonly replayBatchSize: number;
    /** Per channel. */
    readonly bufferBytes: number;
    readonly pollIntervalMs: number;
    /** Per channel. */
    readonly maxSubscribers: number;
  };
  /** Without it nothing is published. */
  readonly broker?: BrokerConfig | undefined;
  readonly channels: {
    /** The file to follow; without one the development channels are served. */
    readonly path?: string | undefined;
    /** What the file said at start. */
    readonly initial: ChannelTable;
  };
  readonly shutdownTimeoutMs: number;
  /** What is allowed and yet probably not meant: for the log. */
  readonly warnings: readonly string[];
}

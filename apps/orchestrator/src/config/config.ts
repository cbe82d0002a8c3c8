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

/** A peer of the network file. */
export interface PeerConfig {
  /** As the network file calls it. */
  readonly name: string;
  /** `host:port`. */
  readonly address: string;
  /** The name in the peer's TLS certificate, where the address is another. */
  readonly serverName?: string | undefined;
  /** Where the CA certificates of its TLS certificate lie; without a path the text itself is given. */
  readonly tlsCaCertsPath?: string | undefined;
  readonly tlsCaCertsPem?: string | undefined;
}

/** An identity on the ledger, with the peer through which it speaks. */
export interface PeerIdentityConfig {
  readonly mspid: string;
  readonly certPath: string;
  readonly keyPath: string;
  /** The client certificate for a peer that asks for one. */
  readonly tls?: { readonly certPath: string; readonly keyPath: string } | undefined;
  readonly peer: PeerConfig;
}

export interface FabricConfig {
  /** Each of another organization: one in production, several in development. */
  readonly identities: readonly PeerIdentityConfig[];
  /** Longest time of a call on the ledger, retries included. */
  readonly gatewayTimeoutMs: number;
  /** Most calls under way at a peer, of each kind. */
  readonly maxEvaluates: number;
  readonly maxSubmits: number;
  /** Absolute. */
  readonly eventIndexFile: string;
}

/** Everything that the server is told from outside. Frozen; made once at start. */
export type Config = StandaloneConfig | DistributedConfig;

/** What only standalone mode is told. */
export interface StandaloneConfig extends CommonConfig {
  readonly mode: 'standalone';
  readonly store: StoreConfig;
  readonly database: DatabaseConfig;
}

/** What only distributed mode is told. */
export interface DistributedConfig extends CommonConfig {
  readonly mode: 'distributed';
  readonly fabric: FabricConfig;
}

/** What a server is told in every mode. */
export interface CommonConfig {
  readonly logging: { readonly level: LogLevel; readonly color: boolean };
  readonly metrics: { readonly enabled: boolean };
  readonly grpc: {
    readonly address: Address;
    readonly maxReceiveBytes: number;
    readonly maxSendBytes: number;
    readonly keepaliveMinTimeMs: number;
    readonly keepalivePermitWithoutStream: boolean;
  };
  readonly http: { readonly address: Address };
  readonly tls: TlsConfig;
  readonly requests: {
    readonly maxPageBytes: number;
    readonly retryBudgetMs: number;
    /** Most requests that wait, in a channel or at a peer. */
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

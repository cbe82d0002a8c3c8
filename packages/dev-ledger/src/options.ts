import type { OrderingSettings } from './chain/orderer.ts';

const MEBIBYTE = 1024 * 1024;

/** How a development ledger runs. All of it has a default. */
export interface DevLedgerOptions extends Partial<OrderingSettings> {
  /** MSP ids, one peer each: MyOrg1MSP and MyOrg2MSP. */
  readonly organizations?: readonly string[];
  /** mychannel and yourchannel; all organizations are in all channels. */
  readonly channels?: readonly string[];
  /** Where the certificates and the network file are written; a temporary folder, removed at the end, by default. */
  readonly folder?: string;
  /** The host to listen at: 127.0.0.1. */
  readonly host?: string;
  /** The port of each organization's peer, in the order of the organizations; free ones by default. */
  readonly ports?: readonly number[];
  /** Whose rules for keys and values the peers follow: LevelDB's, by default. Neither runs rich queries. */
  readonly stateDatabase?: 'leveldb' | 'couchdb';
  /** Ask clients for a certificate of an organization's TLS CA. */
  readonly mutualTls?: boolean;
  /** How long a chaincode may take for a transaction, in milliseconds: 30,000. */
  readonly executeTimeoutMs?: number;
  /** Calls of a peer's gateway at a time, event streams included: 500. */
  readonly gatewayLimit?: number;
}

/** The options with their defaults. */
export type LedgerSettings = Required<Omit<DevLedgerOptions, 'folder' | 'ports'>> & Pick<DevLedgerOptions, 'folder' | 'ports'>;

const DEFAULTS = {
  organizations: ['MyOrg1MSP', 'MyOrg2MSP'],
  channels: ['mychannel', 'yourchannel'],
  host: '127.0.0.1',
  stateDatabase: 'leveldb',
  mutualTls: false,
  batchTimeoutMs: 20,
  maxMessageCount: 500,
  preferredMaxBytes: 2 * MEBIBYTE,
  absoluteMaxBytes: 99 * MEBIBYTE,
  executeTimeoutMs: 30_000,
  gatewayLimit: 500,
} as const satisfies DevLedgerOptions;

/** Fills in the defaults. */
export function settingsOf(options: DevLedgerOptions): LedgerSettings {
  return { ...DEFAULTS, ...options };
}

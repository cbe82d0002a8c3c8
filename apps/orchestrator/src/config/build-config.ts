import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { LogLevel } from '../log/log.ts';
import type { Address } from './address.ts';
import { developmentChannels, parseChannels } from './channels.ts';
import type { ChannelTable } from './channels.ts';
import { ConfigError } from './config-error.ts';
import type { BrokerConfig, CommonConfig, Config, DatabaseConfig, StoreConfig } from './config.ts';
import type { Environment } from './environment.ts';
import { fabricOf } from './fabric.ts';
import { fileFault } from './findings.ts';
import type { Findings } from './findings.ts';
import { settingEntries, settings } from './settings.ts';
import type { Values } from './settings.ts';
import { tlsOf } from './tls.ts';

const GRPC_PORT = 9000;
const HTTP_PORT = 8484;

/** The values with those defaults filled in that hang on another setting. */
export type EffectiveValues = Values & { readonly grpcAddress: Address; readonly httpAddress: Address };

/** Fills in the defaults that hang on the choice of the store. */
export function effectiveValues(values: Values): EffectiveValues {
  const embedded = values.mode === 'standalone' && values.databaseUrl === undefined;
  // The embedded store is what a first try gets: nothing of it is open to the network unless told so.
  const host = embedded ? '127.0.0.1' : '0.0.0.0';
  return {
    ...values,
    grpcAddress: values.grpcAddress ?? { host, port: GRPC_PORT },
    httpAddress: values.httpAddress ?? { host, port: HTTP_PORT },
    migrate: embedded || values.migrate,
  };
}

/**
 * Builds the configuration of the server and looks at the files that it names.
 *
 * @throws ConfigError with all problems at once.
 */
export function buildConfig(environment: Environment): Config {
  const values = effectiveValues(environment.values);
  const findings: Findings = { problems: [...environment.problems.values()], warnings: [] };
  warnOfUnknown(environment, findings);
  warnOfOtherMode(environment, findings);
  checkSizes(values, findings);
  const common = commonOf(environment, values, findings);
  const config: Config =
    values.mode === 'standalone'
      ? { ...common, mode: values.mode, store: storeOf(values), database: databaseOf(values) }
      : { ...common, mode: values.mode, fabric: fabricOf(environment, findings) };
  if (findings.problems.length > 0) throw new ConfigError(findings.problems);
  return deepFreeze(config);
}

function commonOf(environment: Environment, values: EffectiveValues, findings: Findings): CommonConfig {
  return {
    logging: { level: values.logLevel.toLowerCase() as LogLevel, color: values.noColor !== true },
    metrics: { enabled: values.metricsEnabled },
    grpc: {
      address: values.grpcAddress,
      maxReceiveBytes: values.grpcMaxReceiveBytes,
      maxSendBytes: values.grpcMaxSendBytes,
      keepaliveMinTimeMs: values.keepaliveMinTimeMs,
      keepalivePermitWithoutStream: values.keepalivePermitWithoutStream,
    },
    http: { address: values.httpAddress },
    tls: tlsOf(values, findings),
    ...limits(values),
    broker: brokerOf(values),
    channels: { path: values.channelConfig, initial: channelsOf(environment, findings) },
    shutdownTimeoutMs: values.shutdownTimeoutMs,
    warnings: findings.warnings,
  };
}

/**
 * The connection string of the database to migrate. Problems of other variables are no business of that command.
 *
 * @throws ConfigError
 */
export function databaseToMigrate(environment: Environment): string {
  return externalDatabase(environment, 'it should be the database to migrate (the embedded store migrates itself at start)');
}

/**
 * The connection string of the database that the servers publish from.
 *
 * @throws ConfigError
 */
export function databaseToAsk(environment: Environment): string {
  return externalDatabase(environment, 'it should be the database of the servers (an embedded store is open to its server alone)');
}

function externalDatabase({ values, problems }: Environment, expectation: string): string {
  if (values.databaseUrl !== undefined) return values.databaseUrl;
  const missing = `${settings.databaseUrl.name} is missing: ${expectation}`;
  throw new ConfigError([problems.get('databaseUrl') ?? missing]);
}

function warnOfUnknown({ unknown }: Environment, { warnings }: Findings): void {
  for (const name of unknown) warnings.push(`${name} is no variable of this server and has no effect`);
}

function warnOfOtherMode({ values, given }: Environment, { warnings }: Findings): void {
  for (const [key, { name, mode }] of settingEntries) {
    if (given.has(key) && mode !== undefined && mode !== values.mode) {
      warnings.push(`${name} has no effect in ${values.mode} mode`);
    }
  }
}

function checkSizes(values: Values, { problems, warnings }: Findings): void {
  if (values.maxPageBytes > values.grpcMaxSendBytes) {
    problems.push(
      `${settings.maxPageBytes.name} is ${values.maxPageBytes}: it should be at most ${settings.grpcMaxSendBytes.name} ` +
        `(${values.grpcMaxSendBytes}), or a full page could not be sent`,
    );
  }
  if (values.lockTimeoutMs > values.statementTimeoutMs) {
    warnings.push(
      `${settings.lockTimeoutMs.name} is longer than ${settings.statementTimeoutMs.name}, which ends the wait first`,
    );
  }
}

function storeOf(values: Values): StoreConfig {
  if (values.databaseUrl !== undefined) return { kind: 'external', url: values.databaseUrl };
  return { kind: 'embedded', dataDir: resolve(values.dataDir) };
}

function databaseOf(values: Values): DatabaseConfig {
  return {
    poolSize: values.databasePoolSize,
    lockTimeoutMs: values.lockTimeoutMs,
    statementTimeoutMs: values.statementTimeoutMs,
    migrate: values.migrate,
    logSql: values.logSqlVerbose,
  };
}

function brokerOf({ amqpDsn, amqpExchange }: Values): BrokerConfig | undefined {
  return amqpDsn === undefined ? undefined : { dsn: amqpDsn, exchange: amqpExchange };
}

function limits(values: Values): Pick<Config, 'requests' | 'events'> {
  return {
    requests: {
      maxPageBytes: values.maxPageBytes,
      retryBudgetMs: values.retryBudgetMs,
      queueLimit: values.queueLimit,
      queueTimeoutMs: values.queueTimeoutMs,
      groupSize: values.groupSize,
      idempotencyRetentionMs: values.idempotencyRetentionMs,
    },
    events: {
      replayBatchSize: values.replayEventsBatchSize,
      bufferBytes: values.eventBufferBytes,
      pollIntervalMs: values.eventPollIntervalMs,
      maxSubscribers: values.maxSubscribers,
    },
  };
}

function channelsOf({ values, given }: Environment, { problems }: Findings): ChannelTable {
  const { name } = settings.channelConfig;
  const path = values.channelConfig;
  if (path === undefined) {
    if (values.mode === 'distributed' || given.has('databaseUrl'))
      problems.push(
        `${name} is missing: it should be the file with the channels (only the embedded store has channels of its own)`,
      );
    return developmentChannels;
  }
  const fault = fileFault(name, path);
  problems.push(...fault);
  if (fault.length > 0) return new Map();
  const parsed = parseChannels(readFileSync(path, 'utf8'));
  problems.push(...parsed.problems.map((problem) => `${name}, ${path}: ${problem}`));
  return parsed.channels;
}

function deepFreeze<T extends object>(value: T): T {
  for (const part of Object.values(value)) {
    if (typeof part === 'object' && part !== null) deepFreeze(part as object);
  }
  return Object.freeze(value);
}

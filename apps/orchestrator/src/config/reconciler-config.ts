import type { LogLevel } from '../log/log.ts';
import { ConfigError } from './config-error.ts';
import type { Environment } from './environment.ts';
import { fileFault, folderFault } from './findings.ts';
import { settings } from './settings.ts';
import type { SettingKey } from './settings.ts';
import { virtualHostOf } from './virtual-host.ts';

/** What the reconciler of the broker is told from outside. */
export interface ReconcilerConfig {
  readonly logging: { readonly level: LogLevel; readonly color: boolean };
  /** With the name and password of an administrator: show it only through `maskUrl`. */
  readonly managementUrl: string;
  readonly virtualHost: string;
  readonly entryExchange: string;
  readonly queueType: 'classic' | 'quorum';
  /** The channel configuration. */
  readonly channelsPath: string;
  /** A file for each organization. */
  readonly passwordsDir?: string | undefined;
  /** By organization; a file comes first. */
  readonly passwords: ReadonlyMap<string, string>;
  readonly intervalMs: number;
}

const CONCERNS: readonly SettingKey[] = [
  'amqpDsn',
  'amqpExchange',
  'rabbitmqManagementUrl',
  'brokerQueueType',
  'brokerPasswordsDir',
  'brokerPasswords',
  'brokerReconcileIntervalMs',
  'channelConfig',
  'logLevel',
];

/**
 * Builds the configuration of the reconciler. Problems of other variables are no business of that command.
 *
 * @throws ConfigError with all problems at once.
 */
export function buildReconcilerConfig({ values, problems: found }: Environment): ReconcilerConfig {
  const problems = CONCERNS.flatMap((key) => found.get(key) ?? []);
  const managementUrl = values.rabbitmqManagementUrl ?? '';
  if (!found.has('rabbitmqManagementUrl')) problems.push(...managementFault(managementUrl));
  const channelsPath = values.channelConfig ?? '';
  problems.push(...channelsFault(channelsPath));
  const { brokerPasswordsDir: passwordsDir } = values;
  if (passwordsDir !== undefined) problems.push(...folderFault(settings.brokerPasswordsDir.name, passwordsDir));
  if (problems.length > 0) throw new ConfigError(problems);
  return Object.freeze({
    logging: { level: values.logLevel.toLowerCase() as LogLevel, color: values.noColor !== true },
    managementUrl,
    virtualHost: virtualHostOf(values.amqpDsn),
    entryExchange: values.amqpExchange,
    queueType: values.brokerQueueType,
    channelsPath,
    passwordsDir,
    passwords: values.brokerPasswords ?? new Map<string, string>(),
    intervalMs: values.brokerReconcileIntervalMs,
  });
}

function managementFault(url: string): readonly string[] {
  const { name } = settings.rabbitmqManagementUrl;
  if (url === '') return [`${name} is missing: it should be the management API with an administrator, http://user:password@host:15672`];
  const { username, password } = new URL(url);
  return username === '' || password === '' ? [`${name} has no user or no password: both are needed`] : [];
}

/** No channels of its own: a reconciler that lost the file would take everybody's access away. */
function channelsFault(path: string): readonly string[] {
  const { name } = settings.channelConfig;
  return path === '' ? [`${name} is missing: it should be the file with the channels`] : fileFault(name, path);
}

import type { ServerTls } from '../server/chaincode-server.ts';
import { LOG_LEVELS, type LogLevel } from '../log.ts';
import { readTls } from './tls.ts';

/** The variables of a process. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** All that the chaincode's process is told. */
export interface Config {
  readonly ccid: string;
  /** `host:port` */
  readonly address: string;
  readonly tls: ServerTls | undefined;
  readonly logLevel: LogLevel;
  /** Where /metrics is served; absent without it. */
  readonly metricsAddress: { readonly host: string; readonly port: number } | undefined;
}

/** The configuration cannot be used. The message lists every problem, one a line. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    const head = problems.length === 1 ? 'The configuration has a problem:' : `The configuration has ${problems.length} problems:`;
    super([head, ...problems.map((problem) => `- ${problem}`)].join('\n'));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

const DEFAULT_METRICS_ADDRESS = '0.0.0.0:8484';
const ADDRESS = /^(?<host>[A-Za-z0-9_.-]{1,253}|\[[0-9A-Fa-f:.]+\]):(?<port>\d{1,5})$/;
const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'T', 'TRUE', 'true', 'True'].map((text) => [text, true] as const),
  ...['0', 'f', 'F', 'FALSE', 'false', 'False'].map((text) => [text, false] as const),
]);

/**
 * Reads the environment.
 *
 * @param now by which the certificate is looked at.
 * @throws ConfigError naming everything that is wrong.
 */
export function readConfig(variables: Variables, now: Date): Config {
  const problems: string[] = [];
  const config = {
    ccid: readCcid(variables, problems),
    address: readServerAddress(variables, problems),
    tls: readTls(variables, now, problems),
    logLevel: readLogLevel(variables, problems),
    metricsAddress: readMetricsAddress(variables, problems),
  };
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

function readCcid({ CHAINCODE_CCID: ccid = '', CHAINCODE_ID: id = '' }: Variables, problems: string[]): string {
  if (ccid === '' && id === '') problems.push('CHAINCODE_CCID is missing: it should be the id of the installed package, label:hash');
  else if (ccid !== '' && id !== '' && ccid !== id) problems.push('CHAINCODE_CCID and CHAINCODE_ID differ: one of them is enough');
  return ccid === '' ? id : ccid;
}

function readServerAddress({ CHAINCODE_ADDRESS: address = '' }: Variables, problems: string[]): string {
  if (address === '') problems.push('CHAINCODE_ADDRESS is missing: it should be where to listen, as 0.0.0.0:7052');
  else if (parseAddress(address) === undefined) problems.push(badAddress('CHAINCODE_ADDRESS', address));
  return address;
}

function badAddress(name: string, address: string): string {
  return `${name} is ${JSON.stringify(address)}: it should be host:port, with a port from 0 to 65535`;
}

function parseAddress(text: string): Config['metricsAddress'] {
  const { host = '', port = '' } = ADDRESS.exec(text)?.groups ?? {};
  if (host === '' || Number(port) > 65_535) return undefined;
  return { host: host.replaceAll(/[[\]]/g, ''), port: Number(port) };
}

function readLogLevel({ LOG_LEVEL: text = '' }: Variables, problems: string[]): LogLevel {
  if (text === '') return 'info';
  const level = LOG_LEVELS.find((each) => each === text.toLowerCase());
  if (level === undefined) problems.push(`LOG_LEVEL is ${JSON.stringify(text)}: it should be one of ${LOG_LEVELS.join(', ')}`);
  return level ?? 'info';
}

function readMetricsAddress(variables: Variables, problems: string[]): Config['metricsAddress'] {
  const enabled = variables['METRICS_ENABLED'] ?? '';
  const isEnabled = enabled === '' ? false : BOOLEANS.get(enabled);
  if (isEnabled === undefined) problems.push(`METRICS_ENABLED is ${JSON.stringify(enabled)}: it should be true or false`);
  const text = variables['METRICS_ADDRESS'] ?? '';
  const address = parseAddress(text === '' ? DEFAULT_METRICS_ADDRESS : text);
  if (address === undefined) problems.push(badAddress('METRICS_ADDRESS', text));
  return isEnabled === true ? address : undefined;
}

/** What the environment says. The names are those that Fabric charts give to such a container. */
export interface Settings {
  /** Without a slash at the end and without a user. */
  readonly url: string;
  readonly user: string;
  readonly password: string;
  readonly chaincode: string;
  readonly channels: readonly string[];
  /** How long to wait for a CouchDB that is not there yet. */
  readonly timeoutMs: number;
}

export type Variables = Readonly<Record<string, string | undefined>>;

/** All problems of the environment in one message. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';

  constructor(problems: readonly string[]) {
    super(problems.join('; '));
  }
}

const DEFAULT_TIMEOUT_SECONDS = '120';

/** Fabric's own limits: a name that breaks them belongs to no channel. */
const CHANNEL = /^[a-z][a-z0-9.-]{0,248}$/;
const CHAINCODE = /^[A-Za-z0-9]+([-_][A-Za-z0-9]+)*$/;

/**
 * Reads COUCHDB_INSTANCE (`host:port` or a URL), COUCHDB_USER, COUCHDB_PASSWORD, CHAINCODE_NAME, CHANNELS (separated by
 * commas) and COUCHDB_TIMEOUT (whole seconds).
 *
 * @throws SettingsError with all problems at once.
 */
export function readSettings(variables: Variables): Settings {
  const problems: string[] = [];
  const needed = (name: string, expected: string): string => {
    const value = variables[name] ?? '';
    if (value === '') problems.push(`${name} is missing: it should be ${expected}`);
    return value;
  };
  const instance = needed('COUCHDB_INSTANCE', 'host:port of CouchDB');
  const settings: Settings = {
    url: instance === '' ? '' : readUrl(instance, problems),
    user: needed('COUCHDB_USER', "the name of CouchDB's administrator"),
    password: needed('COUCHDB_PASSWORD', 'the password of COUCHDB_USER'),
    chaincode: checkName(needed('CHAINCODE_NAME', 'the name of the chaincode'), { name: 'CHAINCODE_NAME', pattern: CHAINCODE, problems }),
    channels: needed('CHANNELS', 'the names of the channels, separated by commas')
      .split(',')
      .map((channel) => channel.trim())
      .filter((channel) => channel !== '')
      .map((channel) => checkName(channel, { name: 'CHANNELS', pattern: CHANNEL, problems })),
    timeoutMs: readSeconds(variables['COUCHDB_TIMEOUT'] ?? '', problems) * 1000,
  };
  if (settings.channels.length === 0 && (variables['CHANNELS'] ?? '') !== '') problems.push('CHANNELS names no channel');
  if (problems.length > 0) throw new SettingsError(problems);
  return settings;
}

function readUrl(instance: string, problems: string[]): string {
  const text = instance.includes('://') ? instance : `http://${instance}`;
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '' && url.search === '') {
    return url.href.replace(/\/+$/, '');
  }
  problems.push('COUCHDB_INSTANCE should be host:port, or a URL with http or https and without a user');
  return '';
}

interface NameRule {
  readonly name: string;
  readonly pattern: RegExp;
  readonly problems: string[];
}

function checkName(value: string, { name, pattern, problems }: NameRule): string {
  if (value !== '' && !pattern.test(value)) problems.push(`${name} has ${JSON.stringify(value)}: Fabric takes no such name`);
  return value;
}

function readSeconds(text: string, problems: string[]): number {
  const seconds = text === '' ? DEFAULT_TIMEOUT_SECONDS : text;
  if (!/^\d{1,4}$/.test(seconds)) problems.push('COUCHDB_TIMEOUT should be whole seconds, from 0 to 9999');
  return Number(seconds);
}

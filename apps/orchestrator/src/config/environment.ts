import { maskUrl } from '../log/mask-url.ts';
import { settingEntries } from './settings.ts';
import type { Setting } from './setting.ts';
import type { SettingKey, Values } from './settings.ts';

/** What a process's environment says, before anything is concluded from it. */
export interface Environment {
  /** Bad values are replaced by the default, so that later checks can go on. */
  readonly values: Values;
  /** The settings that have a value in the environment, good or bad. */
  readonly given: ReadonlySet<SettingKey>;
  /** One sentence for each bad value. */
  readonly problems: ReadonlyMap<SettingKey, string>;
  /** Names that begin like ours and mean nothing: typing mistakes. */
  readonly unknown: readonly string[];
}

export type Variables = Readonly<Record<string, string | undefined>>;

/** The tests have variables of their own. */
const TEST_PREFIX = 'ORCHESTRATOR_TEST_';

/** Kubernetes tells every pod of the services beside it, and one of these may be called `orchestrator-…`. */
const SERVICE_LINK = /_SERVICE_(HOST|PORT(_\w+)?)$|_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/;
const SERVICE_LINK_URL = /^(tcp|udp|sctp):\/\//;

/** Reads all variables of the table; never throws. */
export function readEnvironment(variables: Variables): Environment {
  const values = new Map<SettingKey, unknown>();
  const given = new Set<SettingKey>();
  const problems = new Map<SettingKey, string>();
  for (const [key, setting] of settingEntries) {
    const text = variables[setting.name];
    const isGiven = text !== undefined && (text !== '' || setting.refusesEmpty === true);
    const value = isGiven ? parse(setting, text) : undefined;
    if (isGiven) given.add(key);
    if (isGiven && value === undefined) problems.set(key, badValue(setting, text));
    values.set(key, value ?? defaultOf(setting));
  }
  return {
    values: Object.freeze(Object.fromEntries(values)) as Values,
    given,
    problems,
    unknown: unknownNames(variables),
  };
}

function parse(setting: Setting<unknown>, text: string): unknown {
  return text === '' ? undefined : setting.kind.parse(text);
}

function defaultOf(setting: Setting<unknown>): unknown {
  return setting.default === undefined ? undefined : setting.kind.parse(setting.default);
}

function badValue(setting: Setting<unknown>, text: string): string {
  if (text === '') {
    return `${setting.name} is empty: it should be ${setting.kind.expected}, or left out for ${setting.otherwise}`;
  }
  const shown = setting.secret === true ? maskUrl(text) : text;
  return `${setting.name} is ${JSON.stringify(shown)}: it should be ${setting.kind.expected}`;
}

function unknownNames(variables: Variables): string[] {
  const known = new Set(settingEntries.map(([, setting]) => setting.name));
  return Object.entries(variables)
    .filter(([name, value]) => name.startsWith('ORCHESTRATOR_') && !known.has(name) && !isForeign(name, value ?? ''))
    .map(([name]) => name)
    .toSorted();
}

function isForeign(name: string, value: string): boolean {
  return name.startsWith(TEST_PREFIX) || SERVICE_LINK.test(name) || SERVICE_LINK_URL.test(value);
}

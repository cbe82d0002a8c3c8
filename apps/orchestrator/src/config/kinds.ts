import { maskUrl } from '../log/mask-url.ts';
import { formatAddress, parseAddress } from './address.ts';
import type { Address } from './address.ts';
import { formatDurationMs, parseDurationMs } from './duration.ts';

/** What a variable's text stands for. */
export interface Kind<T> {
  /** Short name for tables. */
  readonly name: string;
  /** What a good value is, to follow "should be". */
  readonly expected: string;
  /** The limits in words, where there are some: `from 1 to 10`. */
  readonly limits?: string;
  /** Undefined when the text is no value of this kind, or out of its limits. */
  parse(text: string): T | undefined;
  /** The value as it may be shown: secrets are masked. */
  format(value: T): string;
}

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'T', 'TRUE', 'true', 'True'].map((text) => [text, true] as const),
  ...['0', 'f', 'F', 'FALSE', 'false', 'False'].map((text) => [text, false] as const),
]);

export const boolean: Kind<boolean> = {
  name: 'boolean',
  expected: 'true or false (also 1, t, T, TRUE, True, 0, f, F, FALSE, False)',
  parse: (text) => BOOLEANS.get(text),
  format: String,
};

/** True when the variable has any value: the convention of NO_COLOR. */
export const presence: Kind<boolean> = {
  name: 'any value',
  expected: 'set or unset',
  parse: () => true,
  format: (value) => (value ? 'set' : 'unset'),
};

export const address: Kind<Address> = {
  name: 'address',
  expected: 'host:port, [IPv6 address]:port or :port, with a port from 0 to 65535',
  parse: parseAddress,
  format: formatAddress,
};

/** A path of a file or folder; relative ones start at the working directory. */
export const path: Kind<string> = {
  name: 'path',
  expected: 'a path',
  parse: (text) => (text.includes('\0') ? undefined : text),
  format: (value) => value,
};

export const text: Kind<string> = {
  name: 'text',
  expected: 'printable ASCII text of 1 to 255 characters',
  parse: (value) => (/^[\x20-\x7e]{1,255}$/.test(value) ? value : undefined),
  format: (value) => value,
};

/** A whole number within limits, both included. */
export function integer(min: number, max: number): Kind<number> {
  const limits = `from ${min} to ${max}`;
  return {
    name: 'number',
    expected: `a whole number ${limits}`,
    limits,
    parse: (value) => within(/^\d{1,15}$/.test(value) ? Number(value) : undefined, { min, max }),
    format: String,
  };
}

/** A duration in whole milliseconds within limits, both included; the limits are written as in the environment. */
export function duration(min: string, max: string): Kind<number> {
  const limits = `from ${min} to ${max}`;
  const limitsMs = { min: parseDurationMs(min) ?? Number.NaN, max: parseDurationMs(max) ?? Number.NaN };
  return {
    name: 'duration',
    expected: `a duration ${limits}, written as 500ms, 10s or 1m30s`,
    limits,
    parse(value) {
      const durationMs = within(parseDurationMs(value), limitsMs);
      return durationMs === undefined ? undefined : Math.round(durationMs);
    },
    format: formatDurationMs,
  };
}

/** One of a few words, in any case. */
export function choice<const T extends string>(words: readonly T[]): Kind<T> {
  const limits = `one of ${words.join(', ')}`;
  return {
    name: 'choice',
    expected: limits,
    limits,
    parse: (value) => words.find((word) => word.toLowerCase() === value.toLowerCase()),
    format: (value) => value,
  };
}

/** A URL with one of the schemes, which may hold a password. */
export function url(schemes: readonly string[]): Kind<string> {
  return {
    name: 'URL',
    expected: `a URL that begins with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`,
    parse: (value) =>
      schemes.some((scheme) => value.startsWith(`${scheme}://`)) && URL.canParse(value) ? value : undefined,
    format: maskUrl,
  };
}

/** A JSON object of texts, none of which is ever shown. */
export const secretMap: Kind<ReadonlyMap<string, string>> = {
  name: 'JSON',
  expected: 'a JSON object whose values are texts that are not empty',
  parse: parseTextMap,
  format: (value) => `${value.size} values`,
};

function parseTextMap(json: string): ReadonlyMap<string, string> | undefined {
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    const entries = Object.entries(value as Readonly<Record<string, unknown>>);
    const isText = (entry: readonly [string, unknown]): entry is [string, string] =>
      typeof entry[1] === 'string' && entry[1] !== '';
    return entries.every(isText) ? new Map(entries.filter(isText)) : undefined;
  } catch {
    return undefined;
  }
}

function within(
  value: number | undefined,
  { min, max }: { readonly min: number; readonly max: number },
): number | undefined {
  return value !== undefined && value >= min && value <= max ? value : undefined;
}

import { isDeepStrictEqual } from 'node:util';
import type { Timestamp } from '@orchestrator/lib';

/** Fields whose values are the server's to choose. */
const VERSION_FIELD = 'orchestrator';
const TOKEN_FIELD = 'nextPageToken';
const MAX_SHOWN = 2000;

type Fields = Readonly<Record<string, unknown>>;

/** What differs between an answer and the model's. */
export class Difference extends Error {
  constructor(path: string, wanted: unknown, got: unknown) {
    super(`at ${path}: wanted ${clip(show(wanted))}, got ${clip(show(got))}`);
    this.name = 'Difference';
  }
}

/** Writes a value of a message for a human reader. */
export function show(value: unknown): string {
  const text = JSON.stringify(value, (_, each: unknown) => {
    if (typeof each === 'bigint') return Number(each);
    if (each instanceof Map) return Object.fromEntries(each) as unknown;
    return typeof each === 'number' && !Number.isFinite(each) ? String(each) : each;
  });
  return text ?? 'undefined';
}

function clip(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}

/** Which of the server's instants and event ids stand for which of the model's, in one channel. */
export class Binding {
  readonly #instants = new Map<bigint, Timestamp>();
  readonly #ids = new Map<string, string>();
  readonly #realIds = new Set<string>();

  /** Ticks whose instants are known. */
  get times(): Timestamp[] {
    return [...this.#instants.keys()].map((seconds) => ({ seconds, nanos: 0 }));
  }

  /** The server's timestamp for a tick of `times`. */
  realTime(tick: Timestamp): Timestamp {
    return this.#instants.get(tick.seconds) ?? tick;
  }

  /** @throws Difference unless the later tick has the later instant, and the same tick the same one. */
  bindTime(path: string, { wanted, got }: { readonly wanted: Timestamp; readonly got: Timestamp }): void {
    const known = this.#instants.get(wanted.seconds);
    if (known !== undefined) {
      if (!isDeepStrictEqual(known, got)) throw new Difference(path, known, got);
      return;
    }
    if (got.nanos % 1000 !== 0) throw new Difference(path, 'whole microseconds', got);
    for (const [tick, instant] of this.#instants) {
      if (tick < wanted.seconds !== isBefore(instant, got)) throw new Difference(`${path} (order)`, instant, got);
    }
    this.#instants.set(wanted.seconds, got);
  }

  /** @throws Difference unless each event has one id, and each id one event. */
  bindId(path: string, { wanted, got }: { readonly wanted: string; readonly got: string }): void {
    const known = this.#ids.get(wanted);
    if (known === got) return;
    if (known !== undefined || got === '' || this.#realIds.has(got))
      throw new Difference(path, known ?? 'a new id', got);
    this.#ids.set(wanted, got);
    this.#realIds.add(got);
  }
}

function isBefore(a: Timestamp, b: Timestamp): boolean {
  return a.seconds === b.seconds ? a.nanos < b.nanos : a.seconds < b.seconds;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Map);
}

function isTimestamp(value: unknown): value is Timestamp {
  return isFields(value) && typeof value['seconds'] === 'bigint' && 'nanos' in value;
}

interface Pair {
  readonly path: string;
  readonly wanted: unknown;
  readonly got: unknown;
}

/**
 * Compares an answer with the model's, field by field.
 *
 * @throws Difference at the first one.
 */
export function compare(binding: Binding, pair: Pair): void {
  const { path, wanted, got } = pair;
  if (isTimestamp(wanted) && isTimestamp(got)) return binding.bindTime(path, { wanted, got });
  if (wanted instanceof Map && got instanceof Map) return compareMaps(binding, { path, wanted, got });
  if (Array.isArray(wanted) && Array.isArray(got)) return compareLists(binding, { path, wanted, got });
  if (isFields(wanted) && isFields(got)) return compareFields(binding, { path, wanted, got });
  if (!Object.is(wanted, got)) throw new Difference(path, wanted, got);
}

type PairOf<T> = Pair & { readonly wanted: T; readonly got: T };

function compareMaps(binding: Binding, { path, wanted, got }: PairOf<ReadonlyMap<unknown, unknown>>): void {
  if (wanted.size !== got.size) throw new Difference(path, wanted, got);
  for (const [key, value] of wanted) {
    compare(binding, { path: `${path}[${String(key)}]`, wanted: value, got: got.get(key) });
  }
}

function compareLists(binding: Binding, { path, wanted, got }: PairOf<readonly unknown[]>): void {
  for (const [index, value] of wanted.entries()) {
    compare(binding, { path: `${path}[${index}]`, wanted: value, got: got[index] });
  }
  if (wanted.length !== got.length) throw new Difference(`${path}.length`, wanted.length, got.length);
}

function compareFields(binding: Binding, { path, wanted, got }: PairOf<Fields>): void {
  for (const name of new Set([...Object.keys(wanted), ...Object.keys(got)])) {
    compareField(binding, { path: `${path}.${name}`, wanted: wanted[name], got: got[name], name, event: wanted });
  }
}

function compareField(binding: Binding, pair: Pair & { readonly name: string; readonly event: Fields }): void {
  const { path, wanted, got, name, event } = pair;
  if (name === VERSION_FIELD && typeof got === 'string' && got !== '') return;
  if (name === TOKEN_FIELD && typeof got === 'string' && (wanted === '') === (got === '')) return;
  if (name === 'id' && 'eventKind' in event && typeof got === 'string') {
    return binding.bindId(path, { wanted: String(wanted), got });
  }
  // The order of a union of permissions is free, as long as it is always the same.
  if (name === 'logsPermission') return compare(binding, { path, wanted: sortedIds(wanted), got: sortedIds(got) });
  compare(binding, { path, wanted, got });
}

function sortedIds(permission: unknown): unknown {
  if (!isFields(permission) || !Array.isArray(permission['authorizedIds'])) return permission;
  return { ...permission, authorizedIds: permission['authorizedIds'].map(String).toSorted() };
}

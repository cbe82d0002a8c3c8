import type { MessageCodec } from '@orchestrator/lib';
import type { Random } from '../random/random.ts';

/** Instants are bound to those of the server, so they stay. */
const CLOCK_FIELDS: readonly string[] = ['start', 'end'];
const LONG = 'x'.repeat(101);
const TEXTS = ['', 'x', '\u{1f9ea}', 'é'.repeat(50), `${'é'.repeat(50)}x`, 'x'.repeat(100), LONG, ' ', '__proto__'];
const URLS = [
  'http://host/file',
  'https://a-b.c_d.org:8080/x?y=z',
  'ftp://1.2.3.4/f',
  'ws://h',
  'tcp://host:1/x',
  'host.tld/file',
  'host:8080/file',
  '',
  'file',
  '/file',
  './file',
  '../file',
  'HTTP://host/file',
  'gopher://host/file',
  'file:///etc/passwd',
  'mailto:someone@host.tld',
  'http://',
  'http:///file',
  'http://ho st/file',
  'http://host/fi le',
  `http://host/${'x'.repeat(188)}`,
  `http://host/${'x'.repeat(189)}`,
];

type Message = Record<string, unknown>;

/** One place in a request where something can be put instead. */
interface Site {
  readonly name: string;
  readonly value: unknown;
  set(value: unknown): void;
}

/**
 * A copy of a request with one field changed at random, mostly into something that is not valid. The clock's fields
 * of a filter stay as they are.
 */
export function withChangedField(random: Random, codec: MessageCodec<unknown>, request: object): object {
  const copy = codec.decode(codec.encode(request).finish()) as Message;
  const sites = sitesOf(copy);
  if (sites.length === 0) return copy;
  const outer = sites.filter(({ value }) => Object.values(copy).includes(value));
  const site = random.pick(random.chance(30) ? outer : sites);
  site.set(changed(random, site));
  // What cannot be written on the wire is not there for the model either.
  return codec.decode(codec.encode(copy).finish()) as Message;
}

/** Bytes like a request's that no decoder may take: cut off, or with U+0000 in a text. */
export function malformedBytes(random: Random, codec: MessageCodec<unknown>, request: object): Uint8Array {
  const copy = codec.decode(codec.encode(request).finish()) as Message;
  const texts = sitesOf(copy).filter(({ value }) => typeof value === 'string');
  if (texts.length === 0 || random.chance(50)) return new Uint8Array([0x0a, 0x05, 0x61]);
  const site = random.pick(texts);
  site.set(`${String(site.value)}\0`);
  return codec.encode(copy).finish();
}

function sitesOf(message: Message): Site[] {
  return Object.entries(message).flatMap(([name, value]): Site[] => {
    if (name === '$case' || CLOCK_FIELDS.includes(name)) return [];
    const set = (next: unknown) => {
      message[name] = next;
    };
    // A oneof has a value or is absent as a whole.
    const isChosen = '$case' in message && isMessage(value);
    return isChosen ? inside(value) : [{ name, value, set }, ...inside(value)];
  });
}

function inside(value: unknown): Site[] {
  if (Array.isArray(value)) return value.filter(isMessage).flatMap(sitesOf);
  if (value instanceof Map) return [...value.values()].filter(isMessage).flatMap(sitesOf);
  return isMessage(value) ? sitesOf(value) : [];
}

function isMessage(value: unknown): value is Message {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Map);
}

function changed(random: Random, site: Site): unknown {
  const { name, value } = site;
  if (typeof value === 'string') return random.pick(textsFor(random, site));
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'number') return changedNumber(random, name);
  if (Array.isArray(value)) return changedList(random, value);
  if (value instanceof Map) return changedMap(random, { name, map: value });
  return undefined;
}

function textsFor(random: Random, { name, value }: Site): readonly string[] {
  const text = String(value);
  if (name === 'storageAddress' || name === 'address') return URLS;
  if (name === 'checksum') return ['', 'a'.repeat(63), 'a'.repeat(65), 'g'.repeat(64), 'A'.repeat(64)];
  if (name === 'value' || /key$/i.test(name)) return ['', 'x', text.toUpperCase(), ` ${text}`, random.key()];
  if (name === 'pageToken') return ['x', 'W10=', 'WyJ4Il0=', '='];
  return TEXTS;
}

function changedNumber(random: Random, name: string): number {
  if (name === 'performanceValue') return random.pick([NaN, 0, Infinity]);
  if (name === 'pageSize') return random.pick([0, 1, 10_001]);
  return random.pick([0, 1, 2, 3, 5, 8, 11, 99]);
}

function changedList(random: Random, list: readonly unknown[]): unknown[] {
  if (list.length === 0) return [];
  const isText = typeof list[0] === 'string';
  const changes = [[], list.slice(1), [...list, list[0]], isText ? [...list, 'x'] : list.toReversed()];
  return random.pick(changes);
}

interface NamedMap {
  readonly name: string;
  readonly map: ReadonlyMap<unknown, unknown>;
}

function changedMap(random: Random, { name, map }: NamedMap): Map<unknown, unknown> {
  const [first] = map.values();
  if (first !== undefined && random.chance(25)) return new Map([...map].slice(1));
  const identifier = random.pick([...TEXTS, LONG]);
  if (name === 'metadata') return new Map([...map, [identifier, random.pick(TEXTS)]]);
  return first === undefined ? new Map() : new Map([...map, [identifier, first]]);
}

import { createRandom, type Random } from '@orchestrator/testing';

/** Every kind of fault, and how often it comes among 30. */
const DECK = {
  'server killed': 3,
  'server terminated': 3,
  'database killed': 2,
  'database ended at once': 1,
  'database restarted': 1,
  'database session killed': 2,
  'COMMIT lost before it arrived': 2,
  'COMMIT lost after it arrived': 2,
  'database connections cut': 1,
  'database connections delayed': 1,
  'database connections half-closed': 1,
  'database answers swallowed': 1,
  'client connections cut': 1,
  'client connections delayed': 1,
  'client connections half-closed': 1,
  'committed, answer lost': 2,
  'clock stepped': 2,
  'broker stopped': 1,
  'broker killed': 1,
  'broker connections cut': 1,
} as const;

export type FaultKind = keyof typeof DECK;

export const FAULT_KINDS = Object.keys(DECK) as readonly FaultKind[];

/** How many servers there are. */
export const REPLICAS = 2;

/** One thing that goes wrong, for a while. */
export interface Fault {
  readonly kind: FaultKind;
  /** Which of the servers it happens to, where it happens to one. */
  readonly replica: number;
  /** So many calls are answered between the beginning of the fault before and this one. */
  readonly callsBefore: number;
  /** How long it stays so, where it does not pass by itself; also what delays and steps are made of. */
  readonly lastsMs: number;
  /** Which way of a connection, where a fault is of one way. */
  readonly direction: 'up' | 'down';
  /** Where the clock is put, in seconds from the right time. */
  readonly clockOffsetS: number;
  /** The next fault does not wait for the end of this one. */
  readonly overlaps: boolean;
}

const MIN_CALLS = 4;
const CALLS_RANGE = 14;
const MIN_LASTS_MS = 100;
const LASTS_RANGE_MS = 900;
const OVERLAP_PERCENT = 35;
/** From the blink of a bad time server to a clock that was never set. */
const CLOCK_STEPS_S = [-86_400, -3600, -60, -2, 2, 60, 3600, 86_400, 31_536_000] as const;
/** A broker takes long to come back, and nobody waits for it. */
const ALWAYS_OVERLAPS: ReadonlySet<FaultKind> = new Set(['broker stopped', 'broker killed']);

/** The faults of a seed: the same ones on every machine. Each 30 in a row hold every kind. */
export function makePlan(seed: number, count: number): readonly Fault[] {
  const random = createRandom(seed);
  const faults: Fault[] = [];
  while (faults.length < count) {
    const deck = random.shuffle(FAULT_KINDS.flatMap((kind) => Array<FaultKind>(DECK[kind]).fill(kind)));
    faults.push(...deck.map((kind) => makeFault(random, kind)));
  }
  return faults.slice(0, count);
}

function makeFault(random: Random, kind: FaultKind): Fault {
  return {
    kind,
    replica: random.below(REPLICAS),
    callsBefore: MIN_CALLS + random.below(CALLS_RANGE),
    lastsMs: MIN_LASTS_MS + random.below(LASTS_RANGE_MS),
    direction: random.pick(['up', 'down']),
    clockOffsetS: random.pick(CLOCK_STEPS_S),
    overlaps: random.chance(OVERLAP_PERCENT) || ALWAYS_OVERLAPS.has(kind),
  };
}

/** A fault in a line, for the report of a failure. */
export function describeFault(fault: Fault, index: number): string {
  const { kind, replica, callsBefore, lastsMs, direction, clockOffsetS, overlaps } = fault;
  const details = [`server ${replica}`, `after ${callsBefore} calls`, `${lastsMs} ms`, direction, `clock ${clockOffsetS} s`];
  return `${index + 1}. ${kind} (${details.join(', ')}${overlaps ? ', overlaps' : ''})`;
}

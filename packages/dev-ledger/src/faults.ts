/**
 * What can be made to go wrong:
 * `mvcc-conflict` the next transaction ordered is invalid by code 11 · `endorser-differs` the second endorser's result does
 * not match · `endorser-down` another organization's peer cannot be reached · `no-endorsers` discovery finds no combination
 * of peers · `answer-lost` Submit fails although the transaction is ordered · `status-lost` CommitStatus fails after the commit ·
 * `event-stream-cut` an event stream breaks after its next response · `peer-restart` the peer restarts at the next call ·
 * `slow-ordering` a block is cut late · `slow-commit` a peer commits a block late, behind the others · `transaction-lost` the
 * orderer takes a transaction and forgets it · `orderer-down` Submit finds no orderer · `too-many-requests` a call is refused.
 */
export const FAULT_KINDS = [
  'mvcc-conflict',
  'endorser-differs',
  'endorser-down',
  'no-endorsers',
  'answer-lost',
  'status-lost',
  'event-stream-cut',
  'peer-restart',
  'slow-ordering',
  'slow-commit',
  'transaction-lost',
  'orderer-down',
  'too-many-requests',
] as const;

export type FaultKind = (typeof FAULT_KINDS)[number];

/** Faults by chance, the same chance every time. */
export interface FaultPlan {
  /** The same seed and the same calls give the same faults. */
  readonly seed: number;
  /** How often each kind happens, of 1, wherever it can. */
  readonly rates: Partial<Readonly<Record<FaultKind, number>>>;
}

const DEFAULT_DELAY_MS = 500;

/** Faults of a ledger: single ones that are asked for, and seeded ones at given rates. */
export class Faults {
  readonly #asked = new Map<FaultKind, { count: number; readonly mspid: string | undefined; readonly delayMs: number }[]>();
  readonly #injected = new Map<FaultKind, number>();
  #plan: FaultPlan | undefined;
  #random: () => number = () => 1;

  /** The next `count` (1) occasions go wrong, at the given organization's peer only if one is given. */
  next(
    kind: FaultKind,
    { count = 1, mspid, delayMs = DEFAULT_DELAY_MS }: { readonly count?: number; readonly mspid?: string; readonly delayMs?: number } = {},
  ): void {
    this.#asked.set(kind, [...(this.#asked.get(kind) ?? []), { count, mspid, delayMs }]);
  }

  /** From now on faults happen at the plan's rates; undefined ends that. */
  follow(plan: FaultPlan | undefined): void {
    this.#plan = plan;
    this.#random = mulberry32(plan?.seed ?? 0);
  }

  /** Forgets what was asked for and ends the plan. */
  clear(): void {
    this.#asked.clear();
    this.follow(undefined);
  }

  /** How many of a kind have happened. */
  injected(kind: FaultKind): number {
    return this.#injected.get(kind) ?? 0;
  }

  /** The ledger is at an occasion of this kind: does it go wrong? */
  happens(kind: FaultKind, mspid?: string): boolean {
    return this.#take(kind, mspid) !== undefined;
  }

  /** As {@link happens}: how long it takes then, in milliseconds, or 0. */
  delayMs(kind: FaultKind, mspid?: string): number {
    return this.#take(kind, mspid)?.delayMs ?? 0;
  }

  #take(kind: FaultKind, mspid: string | undefined): { readonly delayMs: number } | undefined {
    const asked = this.#asked.get(kind) ?? [];
    const found = asked.find((one) => one.count > 0 && (one.mspid === undefined || one.mspid === mspid));
    if (found !== undefined) found.count -= 1;
    const rate = this.#plan?.rates[kind] ?? 0;
    const fault = found ?? (rate > 0 && this.#random() < rate ? { delayMs: DEFAULT_DELAY_MS } : undefined);
    if (fault !== undefined) this.#injected.set(kind, this.injected(kind) + 1);
    return fault;
  }
}

function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

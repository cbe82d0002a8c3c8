import { FairQueue } from './fair-queue.ts';

/** How long this process works on end before it looks for what has come meanwhile. */
const BUDGET_MS = 1;

/** Most that are let go on in a turn: what each leaves to the network costs time behind it, which nobody sees here. */
const MAX_AT_ONCE = 32;

/** The clock and the event loop, for tests. */
export interface Loop {
  /** Milliseconds of a clock that never goes back. */
  now(): number;
  /** Calls back in the next turn of the event loop, before anything else that comes then. */
  nextTurn(callback: () => void): void;
}

const nodeLoop: Loop = { now: () => performance.now(), nextTurn: (callback) => void setImmediate(callback) };

/**
 * The time of the event loop, given out in small parts: whoever has much to do does it in pieces, and those who have
 * waited go on in turns of their owners. Otherwise whatever comes with one turn of the loop is all done in that turn, and
 * an answer that others wait for stands behind it.
 */
export class LoopTurns {
  readonly #loop: Loop;
  readonly #waiting = new FairQueue<() => void>(Infinity);
  #startMs = 0;
  /** Callbacks that are under way, and the number of the turn in which those come that are asked for now. */
  #planned = 0;
  #turn = 0;

  constructor(loop: Loop = nodeLoop) {
    this.#loop = loop;
  }

  /**
   * Asks to go on with a piece of work that takes far less than a millisecond.
   *
   * @param owner turns go round between owners.
   * @returns undefined when it may go on at once, else what resolves when it may.
   */
  enter(owner: string): Promise<void> | undefined {
    if (this.#planned === 0) {
      this.#startMs = this.#loop.now();
      this.#plan();
    } else if (this.#waiting.length > 0 || this.#isOver) {
      return new Promise((resolve) => {
        this.#waiting.add(owner, resolve);
        this.#plan();
      });
    }
    return undefined;
  }

  get #isOver(): boolean {
    return this.#loop.now() - this.#startMs >= BUDGET_MS;
  }

  /** Each callback lets one go on: what that one does is done before the next callback looks at the clock. */
  #plan(): void {
    const wanted = Math.min(Math.max(this.#waiting.length, 1), MAX_AT_ONCE);
    const turn = this.#turn;
    for (; this.#planned < wanted; this.#planned += 1) this.#loop.nextTurn(() => this.#letOneGo(turn));
  }

  #letOneGo(turn: number): void {
    this.#planned -= 1;
    if (turn === this.#turn) {
      // The first one of its turn.
      this.#turn += 1;
      this.#startMs = this.#loop.now();
    }
    if (this.#waiting.length === 0) return;
    if (!this.#isOver) this.#waiting.take()?.item();
    if (this.#waiting.length > 0) this.#plan();
  }
}

/** Who has a turn: an organization in a channel, its calls and its event streams apart. */
export function turnsOwner({ channel, mspid }: { readonly channel: string; readonly mspid: string }, kind: 'unary' | 'stream'): string {
  return JSON.stringify([channel, mspid, kind]);
}

/** A process has one event loop. */
export const loopTurns = new LoopTurns();

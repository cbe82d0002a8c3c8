import { beforeEach, describe, expect, it } from 'vitest';
import { LoopTurns } from './loop-turns.ts';

/** An event loop that turns when the test says so, and a clock that goes on when it says so. */
class TestLoop {
  nowMs = 1000;
  #callbacks: (() => void)[] = [];

  now(): number {
    return this.nowMs;
  }

  nextTurn(callback: () => void): void {
    this.#callbacks.push(callback);
  }

  get isIdle(): boolean {
    return this.#callbacks.length === 0;
  }

  async turn(): Promise<void> {
    for (const callback of this.#callbacks.splice(0)) {
      callback();
      // As Node does it: what the callback resolved runs before the next callback.
      for (let hop = 0; hop < 5; hop += 1) await Promise.resolve();
    }
  }
}

let loop: TestLoop;
let turns: LoopTurns;
let done: string[];

beforeEach(() => {
  loop = new TestLoop();
  turns = new LoopTurns(loop);
  done = [];
});

/** A piece of work that takes so long. */
async function work(owner: string, name: string, takesMs: number): Promise<void> {
  const turn = turns.enter(owner);
  if (turn !== undefined) await turn;
  done.push(name);
  loop.nowMs += takesMs;
}

async function untilIdle(): Promise<number> {
  let count = 0;
  for (; !loop.isIdle && count < 100; count += 1) await loop.turn();
  return count;
}

describe('the turns of the event loop', () => {
  it('let those go on at once who come while there is time', async () => {
    await work('a', 'a1', 0.1);
    await work('b', 'b1', 0.1);
    expect(done).toEqual(['a1', 'b1']);
    expect(turns.enter('a')).toBeUndefined();
  });

  it('let those wait for the next turn who come when its time is over', async () => {
    await work('a', 'a1', 5);
    void work('a', 'a2', 0.1);
    expect(done).toEqual(['a1']);
    await loop.turn();
    expect(done).toEqual(['a1', 'a2']);
  });

  it('are over when what is done in them has taken its time', async () => {
    await work('a', 'a1', 5);
    for (const name of ['a2', 'a3', 'a4']) void work('a', name, 5);
    await loop.turn();
    expect(done).toEqual(['a1', 'a2']);
    await loop.turn();
    expect(done).toEqual(['a1', 'a2', 'a3']);
  });

  it('go round between owners', async () => {
    await work('a', 'a1', 5);
    for (const name of ['a2', 'a3', 'a4']) void work('a', name, 5);
    void work('b', 'b1', 5);
    await untilIdle();
    expect(done).toEqual(['a1', 'a2', 'b1', 'a3', 'a4']);
  });

  it('let nobody overtake who waits', async () => {
    await work('a', 'a1', 5);
    void work('a', 'a2', 5);
    void work('a', 'a3', 5);
    await loop.turn();
    loop.nowMs += 100;
    void work('b', 'b1', 0);
    expect(done).toEqual(['a1', 'a2']);
    await untilIdle();
    expect(done).toEqual(['a1', 'a2', 'a3', 'b1']);
  });

  it('end even if nothing that is done takes any time', async () => {
    await work('a', 'a0', 5);
    const names = Array.from({ length: 100 }, (_, index) => `a${index + 1}`);
    for (const name of names) void work('a', name, 0);
    expect(await untilIdle()).toBeGreaterThan(3);
    expect(done).toEqual(['a0', ...names]);
  });

  it('ask for nothing of the loop when nobody waits', async () => {
    await work('a', 'a1', 5);
    await loop.turn();
    expect(loop.isIdle).toBe(true);
    expect(turns.enter('a')).toBeUndefined();
  });
});

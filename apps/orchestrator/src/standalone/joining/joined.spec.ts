import { expect, it } from 'vitest';
import { joinLookUp } from './joined-look-up.ts';
import { beforeTheyWait, withArrivals } from './schedules.ts';

/** A look-up that knows every key but `none`, and remembers what it was asked. */
class Source {
  readonly asked: (readonly string[])[] = [];
  readonly #held: (() => void)[] = [];
  isHolding = false;

  readonly lookUp = async (keys: readonly string[]): Promise<ReadonlyMap<string, string>> => {
    this.asked.push(keys);
    if (this.isHolding) await new Promise<void>((resolve) => this.#held.push(resolve));
    return new Map(keys.filter((key) => key !== 'none').map((key) => [key, key.toUpperCase()]));
  };

  release(): void {
    this.isHolding = false;
    for (const resolve of this.#held.splice(0)) resolve();
  }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('what is asked for at the same time is asked once, and each gets what it asked for', async () => {
  const source = new Source();
  const lookUp = joinLookUp(source.lookUp, beforeTheyWait);
  const answers = await Promise.all([lookUp(['a', 'b']), lookUp(['b', 'none']), lookUp([])]);
  expect(source.asked).toEqual([['a', 'b', 'none']]);
  expect(answers.map((found) => [...found])).toEqual([[['a', 'A'], ['b', 'B']], [['b', 'B']], []]);
});

it('what is asked for later is asked again: it may have changed', async () => {
  const source = new Source();
  const lookUp = joinLookUp(source.lookUp, beforeTheyWait);
  source.isHolding = true;
  const first = lookUp(['a']);
  await nextTurn();
  const second = lookUp(['a']);
  await nextTurn();
  expect(source.asked).toEqual([['a'], ['a']]);
  source.release();
  await Promise.all([first, second]);
});

it('arrivals wait while enough is under way, and then go together', async () => {
  const source = new Source();
  const lookUp = joinLookUp(source.lookUp, withArrivals(1));
  source.isHolding = true;
  const first = lookUp(['a']);
  await nextTurn();
  const others = [lookUp(['b'])];
  await nextTurn();
  others.push(lookUp(['c']));
  await nextTurn();
  expect(source.asked).toEqual([['a']]);
  source.release();
  await Promise.all([first, ...others]);
  expect(source.asked).toEqual([['a'], ['b', 'c']]);
});

it('a statement does not grow without end', async () => {
  const source = new Source();
  const lookUp = joinLookUp(source.lookUp, beforeTheyWait);
  const keys = Array.from({ length: 300 }, (_, index) => String(index));
  await Promise.all([lookUp(keys), lookUp(keys.map((key) => `x${key}`)), lookUp(['a'])]);
  expect(source.asked.map(({ length }) => length)).toEqual([300, 301]);
});

it('a failure is everybody\'s who shared it, and nobody else\'s', async () => {
  let isBroken = true;
  const lookUp = joinLookUp<string>(async () => {
    if (isBroken) throw new Error('lost');
    return new Map();
  }, withArrivals(1));
  const ends = await Promise.allSettled([lookUp(['a']), lookUp(['b'])]);
  expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  isBroken = false;
  expect([...(await lookUp(['a']))]).toEqual([]);
});

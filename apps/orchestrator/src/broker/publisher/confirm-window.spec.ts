import { createRandom } from '@orchestrator/testing';
import { expect, it } from 'vitest';
import { ConfirmWindow } from './confirm-window.ts';

it('follows the confirms up to the first event that lacks its own', () => {
  const window = new ConfirmWindow(10n);
  const [first, second, third] = [window.add(11n, 5), window.add(12n, 6), window.add(13n, 7)];
  second();
  expect([window.confirmed, window.count, window.bytes]).toEqual([10n, 3, 18]);
  first();
  expect([window.confirmed, window.count, window.bytes]).toEqual([12n, 1, 7]);
  third();
  expect([window.confirmed, window.count, window.bytes]).toEqual([13n, 0, 0]);
});

it.each([1, 2, 3, 4, 5])('is right whatever the order of the confirms, seed %i', (seed) => {
  const random = createRandom(seed);
  const window = new ConfirmWindow(0n);
  const open: { readonly position: bigint; readonly confirm: () => void }[] = [];
  const confirmed = new Set<bigint>();
  let last = 0n;
  for (let step = 0; step < 500; step += 1) {
    if (open.length === 0 || random.chance(50)) {
      last += 1n;
      open.push({ position: last, confirm: window.add(last, 1) });
    } else {
      const [taken] = open.splice(random.below(open.length), 1);
      taken?.confirm();
      if (taken !== undefined) confirmed.add(taken.position);
    }
    let prefix = 0n;
    while (confirmed.has(prefix + 1n)) prefix += 1n;
    expect([window.confirmed, window.count, window.bytes]).toEqual([prefix, Number(last - prefix), Number(last - prefix)]);
  }
});

import { expect, it } from 'vitest';
import { BackOff } from './back-off.ts';

it('waits longer from failure to failure, up to a limit, and starts over when it works again', () => {
  const backOff = new BackOff(() => 1);
  const delays = Array.from({ length: 8 }, () => backOff.nextDelayMs());
  expect(delays).toEqual([100, 200, 400, 800, 1600, 3200, 4000, 4000]);
  backOff.reset();
  expect(backOff.nextDelayMs()).toBe(100);
});

it('waits between a half and the whole of it', () => {
  expect(new BackOff(() => 0).nextDelayMs()).toBe(50);
  expect(new BackOff(() => 0.5).nextDelayMs()).toBe(75);
});

it('ends its wait with the signal', async () => {
  const stop = new AbortController();
  const backOff = new BackOff(() => 1);
  for (let failure = 0; failure < 8; failure += 1) backOff.nextDelayMs();
  const waiting = backOff.wait(stop.signal);
  stop.abort();
  await waiting;
});

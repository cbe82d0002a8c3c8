import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';
import { findFaketime, SteppedClock } from './faketime.ts';

const script = 'setInterval(() => console.log(Date.now() + " " + performance.now()), 100)';

const library = findFaketime();

it('finds a library, or says that none is there', () => {
  expect(library === undefined || library.endsWith('libfaketimeMT.so.1')).toBe(true);
});

// Where there is none, verification says so in its last lines.
if (library !== undefined) {
  it('steps the wall clock of a process that runs, and not its timers', async () => {
    const clock = await SteppedClock.open(library);
    const child = spawn(process.execPath, ['-e', script], { env: { ...process.env, ...clock.environment }, stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      const lines = createInterface({ input: child.stdout });
      const read = async (): Promise<readonly number[]> => String((await once(lines, 'line', { signal: AbortSignal.timeout(10_000) }))[0]).split(' ').map(Number);
      const offsetS = async (): Promise<number> => Math.round((((await read())[0] ?? NaN) - Date.now()) / 1000);
      expect(await offsetS()).toBeCloseTo(0);
      const [, before = NaN] = await read();
      for (const stepS of [3600, -86_400]) {
        await clock.set(stepS);
        await expect.poll(offsetS, { timeout: 10_000 }).toBeCloseTo(stepS, -1);
      }
      const [, after = NaN] = await read();
      expect(after).toBeGreaterThan(before);
      expect(after - before).toBeLessThan(60_000);
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
      await clock[Symbol.asyncDispose]();
      expect(globSync(`/dev/shm/*faketime*_${child.pid}`)).toEqual([]);
    }
  });
}

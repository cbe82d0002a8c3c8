import { setTimeout as sleep } from 'node:timers/promises';
import { ensureIndexes } from './ensure-indexes.ts';
import { readSettings, SettingsError } from './settings.ts';

const stop = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort(new Error(`stopped by ${signal}`)));

try {
  await ensureIndexes(readSettings(process.env), {
    say: (line) => void process.stdout.write(`${line}\n`),
    sleep: async (durationMs) => sleep(durationMs, undefined, { signal: stop.signal }),
    signal: stop.signal,
  });
} catch (error) {
  const reason: unknown = stop.signal.aborted ? stop.signal.reason : error;
  process.stderr.write(`chaincode-init: ${reason instanceof Error ? reason.message : String(reason)}\n`);
  process.exitCode = error instanceof SettingsError ? 2 : 1;
}

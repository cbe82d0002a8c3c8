import { once } from 'node:events';
import type { ReconcilerConfig } from '../../config/reconciler-config.ts';
import type { Log } from '../../log/log.ts';
import { readDesired } from './read-desired.ts';
import { reconcile } from './reconcile.ts';
import { watchTopology } from './watch.ts';

export interface ReconcileCommand {
  readonly config: ReconcilerConfig;
  readonly pruneNonempty: boolean;
  readonly dryRun: boolean;
}

/** What a pass has to say. */
export interface ReconcileOutcome {
  /** Whether the broker is now what it should be; with a dry run, whether it can be. */
  readonly ok: boolean;
  /** Lines for standard output. */
  readonly out: string;
  /** Lines for standard error. */
  readonly err: string;
}

/** One pass. @throws when the files or the broker cannot be read. */
export async function reconcileOnce({ config, ...options }: ReconcileCommand): Promise<ReconcileOutcome> {
  const { managementUrl } = config;
  const report = await reconcile({ managementUrl, desired: await readDesired(config), ...options });
  const { done, failed, problems, notes } = report;
  const lines = done.length === 0 && failed.length === 0 ? ['Nothing to change.'] : done;
  const faults = [...failed, ...problems];
  return {
    ok: faults.length === 0,
    out: text([...(options.dryRun && done.length > 0 ? ['Would:'] : []), ...lines, ...notes.map((note) => `Note: ${note}`)]),
    err: text(faults.map((fault) => `Problem: ${fault}`)),
  };
}

export interface WatchCommand {
  readonly config: ReconcilerConfig;
  readonly pruneNonempty: boolean;
  readonly log: Log;
}

/** Passes until SIGTERM or SIGINT. */
export async function watchUntilSignal(command: WatchCommand): Promise<void> {
  const stop = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => stop.abort(name));
  const { log } = command;
  void once(stop.signal, 'abort').then(() => log.info({ signal: String(stop.signal.reason) }, 'shutting down'));
  await watchTopology({ ...command, signal: stop.signal });
}

function text(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { ReconcilerConfig } from '../../config/reconciler-config.ts';
import { describeError } from '../../log/describe-error.ts';
import type { Log } from '../../log/log.ts';
import { BackOff } from '../publisher/back-off.ts';
import { readDesired } from './read-desired.ts';
import { reconcile } from './reconcile.ts';
import type { ReconcileReport } from './reconcile.ts';
import type { DesiredTopology } from './topology.ts';

/** A change of the files takes effect within this time. */
const LOOK_INTERVAL_MS = 2000;

export interface WatchOptions {
  readonly config: ReconcilerConfig;
  readonly pruneNonempty: boolean;
  readonly log: Log;
  /** Ends the watch. */
  readonly signal: AbortSignal;
}

/**
 * Reconciles again and again: at intervals, after a change of the files, and after a failure with growing delays.
 * Returns when the signal is aborted; a pass under way is finished first.
 */
export async function watchTopology({ config, pruneNonempty, log, signal }: WatchOptions): Promise<void> {
  const { managementUrl, intervalMs } = config;
  const teller = new Teller(log);
  const backOff = new BackOff();
  let [fingerprint, nextPassMs] = ['', 0];
  while (!signal.aborted) {
    try {
      const desired = await readDesired(config);
      if (fingerprintOf(desired) !== fingerprint || performance.now() >= nextPassMs) {
        const report = await reconcile({ managementUrl, desired, pruneNonempty, dryRun: false });
        teller.tell(report);
        if (report.failed.length > 0) throw new Error(`${report.failed.length} changes failed`);
        [fingerprint, nextPassMs] = [fingerprintOf(desired), performance.now() + intervalMs];
      }
      backOff.reset();
      teller.recovered();
      await sleep(Math.min(intervalMs, LOOK_INTERVAL_MS), undefined, { signal }).catch(() => undefined);
    } catch (error) {
      teller.failed(describeError(error));
      await backOff.wait(signal);
    }
  }
}

function fingerprintOf({ channels, passwords, problems }: DesiredTopology): string {
  return JSON.stringify([[...channels], [...passwords], problems]);
}

/** Says what changes, and what does not change only once. */
class Teller {
  readonly #log: Log;
  #standing: ReadonlySet<string> = new Set();
  #failure: string | undefined;

  constructor(log: Log) {
    this.#log = log;
  }

  tell({ done, failed, problems, notes }: ReconcileReport): void {
    for (const text of done) this.#log.info({}, `broker: ${text}`);
    const standing = new Set([...failed, ...problems, ...notes]);
    const isNew = (text: string) => !this.#standing.has(text);
    for (const text of failed.filter(isNew)) this.#log.error({}, `broker: ${text}`);
    for (const text of [...problems, ...notes].filter(isNew)) this.#log.warn({}, `broker: ${text}`);
    this.#standing = standing;
  }

  failed(failure: string): void {
    if (failure !== this.#failure) this.#log.error({}, `the broker's topology could not be brought up to date, and is tried again: ${failure}`);
    this.#failure = failure;
  }

  recovered(): void {
    if (this.#failure !== undefined) this.#log.info({}, "the broker's topology is up to date again");
    this.#failure = undefined;
  }
}

/** The process that plays the clients. It does the jobs that its parent sends, one after another. */
import { runFollow } from './follow.ts';
import type { Job, Report } from './jobs.ts';
import { runLoad } from './load.ts';

function say(report: Report): void {
  process.send?.(report);
}

async function run(job: Job): Promise<void> {
  try {
    if (job.kind === 'load') say({ kind: 'load', figures: await runLoad(job) });
    else say({ kind: 'follow', figures: await runFollow(job, () => say({ kind: 'following' })) });
  } catch (error) {
    say({ kind: 'failed', why: error instanceof Error ? error.message : String(error) });
  }
}

process.on('message', (job: Job) => void run(job));
// The parent is gone, whatever became of it.
process.on('disconnect', () => process.exit());

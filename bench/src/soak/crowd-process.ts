/** The process that plays the subscribers of a soak. It does the jobs that its parent sends, one after another. */
import { Crowd } from './crowd.ts';
import type { SoakJob, SoakReport } from './jobs.ts';

let crowd: Crowd | undefined;

async function work(job: SoakJob): Promise<SoakReport> {
  if (job.kind === 'subscribe') {
    crowd = await Crowd.open(job);
    return { kind: 'subscribed', counts: crowd.counts };
  }
  if (crowd === undefined) throw new Error('nobody has subscribed');
  if (job.kind === 'reach') return { kind: 'reached', sightings: await crowd.reach(job) };
  await crowd[Symbol.asyncDispose]();
  return { kind: 'left' };
}

async function run(job: SoakJob): Promise<void> {
  const failed = (error: unknown): SoakReport => ({ kind: 'failed', why: String(error) });
  process.send?.(await work(job).catch(failed));
}

process.on('message', (job: SoakJob) => void run(job));
// The parent is gone, whatever became of it.
process.on('disconnect', () => process.exit());

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** The networks that suites run on: the development ledger and, where its binaries are found, real ones. */
export async function findNetworkNames(): Promise<readonly string[]> {
  const worker = new Worker(new URL('./network-names-worker.ts', import.meta.url));
  const [names] = (await once(worker, 'message')) as [readonly string[]];
  await worker.terminate();
  return names;
}

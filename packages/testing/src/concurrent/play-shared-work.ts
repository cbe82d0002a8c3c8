import { OrchestrationError } from '@orchestrator/lib';
import { GRPC_STATUS } from '../histories/api.ts';
import { codecsOf } from '../histories/generator.ts';
import { createMemoryApi } from '../memory/memory-api.ts';
import { MemoryStore } from '../memory/memory-store.ts';
import type { ConcurrentHistory, HeardOutcome, RecordedCall } from './recorded-call.ts';
import { SharedWork, type WorkItem } from './shared-work.ts';

const CHANNEL = 'mychannel';
const CALLS = 400;
const ORGANIZATIONS = ['MyOrg1MSP', 'MyOrg2MSP'];

/** A history in which nothing is wrong: shared work that the store in memory does, one call after the other. */
export async function playSharedWork(seed: number): Promise<ConcurrentHistory> {
  const store = new MemoryStore();
  const api = createMemoryApi(store);
  const work = new SharedWork({ seed, organizations: ORGANIZATIONS });
  const calls: RecordedCall[] = [];
  const call = async ({ mspid, procedure, request, answered }: WorkItem): Promise<void> => {
    const [service = '', method = ''] = procedure.split('/');
    const bytes = codecsOf(procedure).request.encode(request).finish();
    const outcome = await api({ channel: CHANNEL, mspid, service, method, request: bytes }).then(
      (answer): HeardOutcome => ({ kind: 'answered', bytes: answer }),
      (error: unknown): HeardOutcome => {
        if (!(error instanceof OrchestrationError)) throw error;
        return { kind: 'refused', code: GRPC_STATUS[error.code], message: error.message };
      },
    );
    if (outcome.kind === 'answered') answered();
    const sentAt = 2 * calls.length;
    calls.push({ channel: CHANNEL, mspid, procedure, request, sentAt, heardAt: sentAt + 1, outcome });
  };
  for (const item of work.preparation()) await call(item);
  for (let count = 0; count < CALLS; count += 1) await call(work.next(ORGANIZATIONS[count % 2] ?? ''));
  const events = store.events(CHANNEL).map(({ value }) => value);
  return { channel: CHANNEL, calls, events, transactionOf: (id) => id.slice(0, 8), visibleAt: 'own-peer' };
}

import { ErrorCode, procedures } from '@orchestrator/lib';
import { describe, expect, it } from 'vitest';
import { MODELED_PROCEDURES } from '../model/api-model.ts';
import { createMemoryHistoryApi } from './memory-history-api.ts';
import { type HistorySummary, runHistory } from './run-history.ts';

const ORGANIZATIONS = ['MyOrg1MSP', 'MyOrg2MSP', 'MyOrg3MSP', 'MyOrg4MSP'];
const SEEDS = Array.from({ length: 40 }, (_, index) => index + 1);
/** Refusals that behaviour.md reserves, or that only a bug makes. */
const UNUSED_CODES: readonly string[] = [
  ErrorCode.ByteArray,
  ErrorCode.Internal,
  ErrorCode.CannotDisableModel,
  ErrorCode.TerminatedComputeTask,
];

const played = new Map<number, Promise<HistorySummary>>();

/** Each history is played once, whichever test asks first. */
function play(seed: number): Promise<HistorySummary> {
  const running =
    played.get(seed) ?? runHistory({ seed, steps: 400, api: createMemoryHistoryApi(), organizations: ORGANIZATIONS });
  played.set(seed, running);
  return running;
}

describe('the business logic over the store in memory', () => {
  it.each(SEEDS)('does what the model says in history %i', async (seed) => {
    const { answered } = await play(seed);
    expect(answered.size).toBeGreaterThan(0);
  });

  it('meets every procedure and every refusal in them', async () => {
    const summaries = await Promise.all(SEEDS.map(play));
    const answered = new Set(summaries.flatMap((summary) => [...summary.answered.keys()]));
    expect([...answered].toSorted()).toEqual([...MODELED_PROCEDURES].toSorted());
    const refused = new Set(summaries.flatMap((summary) => [...summary.refused.keys()]));
    const codes = Object.values(ErrorCode).filter((code) => !UNUSED_CODES.includes(code));
    expect([...refused].toSorted()).toEqual(codes.toSorted());
  });

  it('reaches every status of tasks and functions, and disabled models, in them', async () => {
    const summaries = await Promise.all(SEEDS.map(play));
    const channels = summaries.flatMap(({ model }) => ['mychannel', 'yourchannel'].map((name) => model.channel(name)));
    const statuses = channels.flatMap(({ tasks }) => [...tasks.values()].map((task) => task.status));
    expect(new Set(statuses)).toEqual(new Set([1, 2, 3, 4, 5, 6, 7, 8]));
    const functionStatuses = channels.flatMap(({ functions }) => [...functions.values()].map((fn) => fn.status));
    expect(new Set(functionStatuses)).toEqual(new Set([1, 2, 3, 4, 5]));
    const models = channels.flatMap((channel) => [...channel.models.values()]);
    expect(models.some((model) => model.address === undefined)).toBe(true);
  });
});

describe('the model', () => {
  it('knows every procedure but the stream', () => {
    const unary = procedures.filter((row) => row.kind !== 'stream').map((row) => `${row.service}/${row.method}`);
    expect([...MODELED_PROCEDURES].toSorted()).toEqual(unary.toSorted());
  });
});

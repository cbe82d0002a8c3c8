import {
  AssetKind,
  ComputeTask,
  ErrorCode,
  type MessageCodec,
  Organization,
  OrchestratorFunction,
  QueryEventsResponse,
  QueryFunctionsResponse,
} from '@orchestrator/lib';
import { describe, expect, it } from 'vitest';
import type { HistoryAnswer, HistoryApi, HistoryCall } from './api.ts';
import { createMemoryHistoryApi } from './memory-history-api.ts';
import { HistoryMismatch, runHistory } from './run-history.ts';

const ORGANIZATIONS = ['MyOrg1MSP', 'MyOrg2MSP'];

type Spoil = (call: HistoryCall, answer: HistoryAnswer) => HistoryAnswer;

/** An API that does what it should and says something else. */
function spoiled(spoil: Spoil): HistoryApi {
  const api = createMemoryHistoryApi();
  return async (call) => spoil(call, await api(call));
}

/** Changes the answers of one procedure. */
function edited<T>(method: string, codec: MessageCodec<T>, edit: (message: T) => T): Spoil {
  return (call, answer) => {
    if (call.method !== method || !('bytes' in answer)) return answer;
    return { bytes: codec.encode(edit(codec.decode(answer.bytes))).finish() };
  };
}

function refusedAs(spoil: (refusal: { code: number; message: string }) => { code: number; message: string }): Spoil {
  return (_, answer) => ('bytes' in answer ? answer : spoil(answer));
}

function laterBy(nanos: number): Spoil {
  let calls = 0;
  return edited('RegisterOrganization', Organization, (organization) => {
    calls += 1;
    const seconds = (organization.creationDate?.seconds ?? 0n) - BigInt(calls);
    return { ...organization, creationDate: { seconds, nanos } };
  });
}

const SPOILS: Readonly<Record<string, Spoil>> = {
  'another gRPC status': refusedAs((refusal) => ({ ...refusal, code: 2 })),
  'another code in the message': refusedAs(({ code }) => ({ code, message: `${ErrorCode.Internal}: no` })),
  'a refusal without the words that clients look for': refusedAs(({ code, message }) => ({
    code,
    message: message.replace('inappropriate', 'not right'),
  })),
  'a refusal where an answer is due': (call, answer) =>
    call.method === 'GetTask' ? { code: 5, message: 'OE0002: not found' } : answer,
  'an answer where a refusal is due': (_, answer) => ('bytes' in answer ? answer : { bytes: new Uint8Array() }),
  'another owner': edited('GetTask', ComputeTask, (task) => ({ ...task, owner: 'nobody' })),
  'another kind in a map': edited('RegisterFunction', OrchestratorFunction, (fn) => ({
    ...fn,
    outputs: new Map(
      [...fn.outputs].map(([identifier, output]) => [identifier, { ...output, kind: AssetKind.ASSET_UNKNOWN }]),
    ),
  })),
  'a missing message field': edited('RegisterFunction', OrchestratorFunction, (fn) => ({ ...fn, image: undefined })),
  'an earlier instant than before': laterBy(0),
  'an instant finer than a microsecond': laterBy(1),
  'a page without its token': edited('QueryEvents', QueryEventsResponse, (page) => ({ ...page, nextPageToken: '' })),
  'a token on the last page': edited('QueryFunctions', QueryFunctionsResponse, (page) => ({
    ...page,
    nextPageToken: 'more',
  })),
  'a lost event': edited('QueryEvents', QueryEventsResponse, (page) => ({ ...page, events: page.events.slice(1) })),
  'events in another order': edited('QueryEvents', QueryEventsResponse, (page) => ({
    ...page,
    events: page.events.toReversed(),
  })),
  'events of one id': edited('QueryEvents', QueryEventsResponse, (page) => ({
    ...page,
    events: page.events.map((event) => ({ ...event, id: 'id' })),
  })),
  'events of another channel': edited('QueryEvents', QueryEventsResponse, (page) => ({
    ...page,
    events: page.events.map((event) => ({ ...event, channel: 'nochannel' })),
  })),
};

describe('a history', () => {
  it('finds no fault with the untouched API', async () => {
    const summary = await runHistory({ seed: 7, steps: 400, api: spoiled((_, answer) => answer) });
    const answers = [...summary.answered.values(), ...summary.refused.values()].reduce((sum, each) => sum + each, 0);
    expect(answers).toBeGreaterThan(400);
  });

  it.each(Object.entries(SPOILS))('finds %s', async (_, spoil) => {
    const run = runHistory({ seed: 7, steps: 400, api: spoiled(spoil), organizations: ORGANIZATIONS });
    await expect(run).rejects.toThrow(HistoryMismatch);
    await expect(run).rejects.toThrow(/^history seed=7 (step=\d+|event log after 400 steps) (my|your)channel /);
  });

  it('is the same for the same seed', async () => {
    const callsOf = async (seed: number): Promise<string[]> => {
      const calls: string[] = [];
      const api = createMemoryHistoryApi();
      const record: HistoryApi = async (call) => {
        calls.push(`${call.channel} ${call.mspid} ${call.method} ${Buffer.from(call.request).toString('hex')}`);
        return api(call);
      };
      await runHistory({ seed, steps: 60, api: record });
      return calls;
    };
    expect(await callsOf(3)).toEqual(await callsOf(3));
    expect(await callsOf(3)).not.toEqual(await callsOf(4));
  });

  it('passes on a failure of the way to the API with its place', async () => {
    const broken: HistoryApi = () => Promise.reject(new Error('connection lost'));
    await expect(runHistory({ seed: 1, steps: 5, api: broken })).rejects.toThrow(
      /^history seed=1 step=0 .*connection lost$/,
    );
  });
});

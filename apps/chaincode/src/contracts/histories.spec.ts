import { OrchestrationError, parseFailure } from '@orchestrator/lib';
import { GRPC_STATUS, type HistoryApi, runHistory } from '@orchestrator/testing';
import { describe, expect, it } from 'vitest';
import { answerOf, findProcedure, invocationOf, StubPeer } from './spec-support.ts';

const SEEDS = [1, 2, 3, 4, 5, 6];
const STEPS = 600;

/** The chaincode behind what the facade does to requests and answers. */
function createApi(): HistoryApi {
  const peer = new StubPeer();
  return async ({ channel, mspid, service, method, request }) => {
    const procedure = findProcedure(service, method);
    try {
      const args = invocationOf(procedure, request);
      const run = procedure.kind === 'write' ? peer.submit.bind(peer) : peer.simulate.bind(peer);
      return { bytes: answerOf(procedure, await run({ channel, mspid, args })) };
    } catch (error) {
      const refusal = error instanceof OrchestrationError ? error : parseFailure(error instanceof Error ? error.message : '');
      if (!(refusal instanceof OrchestrationError)) throw error;
      return { code: GRPC_STATUS[refusal.code], message: refusal.message };
    }
  };
}

describe('histories over the chaincode', () => {
  it.each(SEEDS)('agree with the model (seed %d)', async (seed) => {
    const { answered } = await runHistory({ seed, steps: STEPS, api: createApi() });
    expect([...answered.values()].reduce((a, b) => a + b, 0)).toBeGreaterThan(STEPS / 3);
  });
});

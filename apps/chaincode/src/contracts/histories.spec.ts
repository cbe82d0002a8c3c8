import { OrchestrationError, parseFailure } from '@orchestrator/lib';
import { GRPC_STATUS, type HistoryApi, runHistory } from '@orchestrator/testing';
import { describe, expect, it } from 'vitest';
import { answerOf, findProcedure, invocationOf } from '../testing/invocations.ts';
import { StubPeer } from './spec-support.ts';

const SEEDS = [1, 2, 3];
const STEPS = 400;
const TIMEOUT_MS = 120_000;

/** Whatever appears in a range that a transaction has scanned makes it invalid: what is written may only scan what is narrow. */
function checkScans(scans: readonly string[]): void {
  for (const start of scans) expect(start).toMatch(/^(?:child|task|functiontask)~[0-9a-f-]{36}~$/u);
}

/** What a CouchDB makes of a value: names in order, and an integer of -0. */
function remarshal(text: string): string {
  return JSON.stringify(sortNames(JSON.parse(text)), (_, value: unknown) => (value === 0 ? 0 : value));
}

function sortNames(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortNames);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, item]) => [name, sortNames(item)]));
}

/** The chaincode behind what the facade does to requests and answers. */
function createApi(rewrite?: (text: string) => string): HistoryApi {
  const peer = new StubPeer();
  return async ({ channel, mspid, service, method, request }) => {
    const procedure = findProcedure(service, method);
    try {
      const args = invocationOf(procedure, request);
      const run = procedure.kind === 'write' ? peer.submit.bind(peer) : peer.simulate.bind(peer);
      const simulation = await run({ channel, mspid, args });
      if (procedure.kind === 'write') checkScans(simulation.transaction.scans);
      if (rewrite !== undefined && procedure.kind === 'write') peer.ledger(channel).rewrite(rewrite);
      return { bytes: answerOf(procedure, simulation) };
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
  }, TIMEOUT_MS);

  it('agree when the state database writes its values anew, names sorted and numbers parsed', async () => {
    await runHistory({ seed: 4, steps: STEPS, api: createApi(remarshal) });
  }, TIMEOUT_MS);
});

import { OrchestrationError, parseAnswer, parseFailure } from '@orchestrator/lib';
import type { LedgerNetwork } from '@orchestrator/dev-ledger';
import { GRPC_STATUS, type HistoryApi, runHistory } from '@orchestrator/testing';
import { deployOrchestrator } from '@orchestrator/tools';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findProcedure, invocationOf } from '../testing/invocations.ts';
import { chaincodeMessage, NetworkClient } from '../testing/network-client.ts';
import { type NetworkName, startNetwork } from '../testing/networks.ts';

const START_TIMEOUT_MS = 90_000;
const HISTORY_TIMEOUT_MS = 180_000;
const STEPS = 300;
const CHAINCODES = { mychannel: 'mycc', yourchannel: 'yourcc' };
const TARGET = { mspid: 'MyOrg1MSP', channel: 'mychannel', chaincode: 'mycc' };

/** What may differ between the machines of two organizations. */
const OTHER_MACHINE = {
  LANG: 'tr_TR.UTF-8',
  LC_ALL: 'tr_TR.UTF-8',
  TZ: 'Pacific/Kiritimati',
  NODE_OPTIONS: '--max-old-space-size=256 --max-semi-space-size=1',
};

/** The chaincode's own processes on a network, without a facade. */
export function chaincodeOnNetwork(name: NetworkName): void {
  describe(`the chaincode on ${name}, endorsed by all`, () => describeChaincode(name));
}

function describeChaincode(name: NetworkName): void {
  const stack = new AsyncDisposableStack();
  let client: NetworkClient;

  beforeAll(async () => {
    const network: LedgerNetwork = stack.use(await startNetwork(name));
    const environmentOf = (mspid: string) => (mspid === 'MyOrg2MSP' ? OTHER_MACHINE : {});
    stack.use(await deployOrchestrator(network, { chaincodes: CHAINCODES, policy: 'AND', environmentOf }));
    client = stack.use(new NetworkClient(network));
  }, START_TIMEOUT_MS);

  afterAll(() => stack.disposeAsync(), START_TIMEOUT_MS);

  async function refusalOf(call: { readonly name: string; readonly args: readonly string[] }): Promise<string> {
    const messages: (string | undefined)[] = [];
    for (const kind of ['evaluate', 'submit'] as const) {
      const failure: unknown = await client[kind]({ ...TARGET, ...call }).catch((error: unknown) => error);
      messages.push(chaincodeMessage(failure));
    }
    const [evaluated = '', submitted] = messages;
    expect(submitted).toBe(evaluated);
    return evaluated;
  }

  it.each([
    ['an unknown contract', 'orchestrator.nothing:GetTask', ['{}'], /^OE0010: .*"orchestrator\.nothing:GetTask"$/u],
    ['an unknown function', 'orchestrator.computetask:Nothing', ['{}'], /^OE0010: /u],
    ['a function of every object', 'orchestrator.computetask:constructor', ['{}'], /^OE0010: /u],
    ['a hook of the contract', 'orchestrator.computetask:afterTransaction', ['{}'], /^OE0010: /u],
    ['the event stream', 'orchestrator.event:SubscribeToEvents', ['{}'], /^OE0010: /u],
    ['a function without its contract', 'RegisterOrganization', ['{}'], /^OE0010: /u],
    ['no function', '', [], /^OE0010: /u],
    ['the system contract', 'org.hyperledger.fabric:GetMetadata', [], /^OE0010: /u],
    ['no argument', 'orchestrator.computetask:GetTask', [], /^OE0101: /u],
    ['two arguments', 'orchestrator.computetask:GetTask', ['{}', '{}'], /^OE0101: /u],
    ['an argument that is no JSON', 'orchestrator.computetask:GetTask', ['{'], /^OE0101: /u],
    ['U+0000 in a key', 'orchestrator.computetask:GetTask', ['{"msg":"{\\"key\\":\\"\\\\u0000\\"}","request_id":"r"}'], /^OE0101: /u],
    ['a request that is not valid', 'orchestrator.computeplan:RegisterPlan', ['{"msg":"{}","request_id":"r"}'], /^OE0101: .*key/u],
    ['a caller who is not registered', 'orchestrator.computeplan:RegisterPlan', ['{"msg":"{\\"key\\":\\"11111111-1111-4111-8111-111111111111\\",\\"name\\":\\"n\\"}","request_id":"r"}'], /^OE0003: .*MyOrg1MSP/u],
  ])('refuses %s', async (_, functionName, args, refusal) => {
    expect(await refusalOf({ name: functionName, args })).toMatch(refusal);
  });

  it('cuts what a refusal quotes to what clients of the gateway take', async () => {
    const key = '\u{1F600}'.repeat(20_000);
    const refusal = await refusalOf({ name: 'orchestrator.computetask:GetTask', args: [JSON.stringify({ msg: JSON.stringify({ key }), request_id: 'r' })] });
    expect(refusal).toMatch(/^OE0002: computetask with key "(?:\u{1F600}){600,}$/u);
  });

  it(`does what the model does in a history of ${STEPS} steps`, async () => {
    const summary = await runHistory({ seed: 20_261_121, steps: STEPS, api: apiOf(client) });
    const answered = [...summary.answered.values()].reduce((sum, count) => sum + count, 0);
    expect(answered).toBeGreaterThan(STEPS / 3);
  }, HISTORY_TIMEOUT_MS);
}

/** The chaincode behind what the facade does to requests and answers. */
function apiOf(client: NetworkClient): HistoryApi {
  return async ({ channel, mspid, service, method, request }) => {
    const procedure = findProcedure(service, method);
    try {
      const [name, text] = invocationOf(procedure, request);
      const chaincode = CHAINCODES[channel as keyof typeof CHAINCODES];
      const kind = procedure.kind === 'write' ? 'submit' : 'evaluate';
      return { bytes: parseAnswer(procedure, await client[kind]({ mspid, channel, chaincode, name, args: [text] })) };
    } catch (error) {
      const refusal = error instanceof OrchestrationError ? error : parseFailure(chaincodeMessage(error) ?? '');
      if (!(refusal instanceof OrchestrationError)) throw error;
      return { code: GRPC_STATUS[refusal.code], message: refusal.message };
    }
  };
}

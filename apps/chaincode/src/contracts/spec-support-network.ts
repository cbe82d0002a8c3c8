import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { OrchestrationError, parseAnswer, parseFailure } from '@orchestrator/lib';
import type { LedgerNetwork } from '@orchestrator/dev-ledger';
import { GRPC_STATUS, type HistoryApi, runHistory } from '@orchestrator/testing';
import { deployOrchestrator, DirectEndorsers, type DirectInvocation } from '@orchestrator/tools';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findProcedure, invocationOf } from '../testing/invocations.ts';
import { chaincodeMessage, NetworkClient } from '../testing/network-client.ts';
import { type NetworkName, startNetwork } from '../testing/networks.ts';

const START_TIMEOUT_MS = 90_000;
const HISTORY_TIMEOUT_MS = 120_000;
const STEP_TIMEOUT_MS = 1000;
/** How often peers are asked that do not agree: one of them may be a block behind. */
const COMPARISONS = 50;
const RETRY_DELAY_MS = 20;
const CHAINCODES = { mychannel: 'mycc', yourchannel: 'yourcc' };
const TARGET = { mspid: 'MyOrg1MSP', channel: 'mychannel', chaincode: 'mycc' };

/** What may differ between the machines of two organizations. */
const MACHINES: Readonly<Record<string, { readonly environment: Readonly<Record<string, string>>; readonly nodeOptions: readonly string[] }>> = {
  MyOrg1MSP: { environment: {}, nodeOptions: ['--hash-seed=1'] },
  MyOrg2MSP: {
    environment: { LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8', TZ: 'Pacific/Kiritimati' },
    nodeOptions: ['--hash-seed=20261121', '--max-old-space-size=256', '--max-semi-space-size=1'],
  },
};

export interface ChaincodeOnNetwork {
  readonly name: NetworkName;
  /** How many calls the history has that is compared with the model, and all of whose calls are compared between the peers. */
  readonly steps: number;
}

/** The chaincode's own processes on a network, without a facade. */
export function chaincodeOnNetwork(options: ChaincodeOnNetwork): void {
  describe(`the chaincode on ${options.name}, endorsed by all`, () => describeChaincode(options));
}

function describeChaincode({ name, steps }: ChaincodeOnNetwork): void {
  const stack = new AsyncDisposableStack();
  let client: NetworkClient;
  let endorsers: DirectEndorsers;

  beforeAll(async () => {
    const network: LedgerNetwork = stack.use(await startNetwork(name));
    const environmentOf = (mspid: string) => MACHINES[mspid]?.environment ?? {};
    const nodeOptionsOf = (mspid: string) => MACHINES[mspid]?.nodeOptions ?? [];
    stack.use(await deployOrchestrator(network, { chaincodes: CHAINCODES, policy: 'AND', environmentOf, nodeOptionsOf }));
    client = stack.use(new NetworkClient(network));
    endorsers = stack.use(new DirectEndorsers(network));
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

  it(`does what the model does in a history of ${steps} steps, and the same to the byte at every peer`, async () => {
    const tally: EndorsementTally = { compared: 0, refused: 0, bytes: 0, repeated: 0 };
    const summary = await runHistory({ seed: 20_261_121, steps, api: apiOf({ client, endorsers, tally }) });
    const answered = [...summary.answered.values()].reduce((sum, count) => sum + count, 0);
    expect(answered).toBeGreaterThan(steps / 3);
    expect(tally.compared).toBeGreaterThan(steps / 2);
    console.log(`${name}: ${JSON.stringify(tally)}`);
  }, HISTORY_TIMEOUT_MS + steps * STEP_TIMEOUT_MS);
}

/** What was compared between the peers. */
interface EndorsementTally {
  compared: number;
  /** Of these. */
  refused: number;
  /** What one peer signed. */
  bytes: number;
  /** How often a peer was a block behind, so that the comparison was made again. */
  repeated: number;
}

interface Compared {
  readonly client: NetworkClient;
  readonly endorsers: DirectEndorsers;
  readonly tally: EndorsementTally;
}

/** The chaincode behind what the facade does to requests and answers. */
function apiOf({ client, ...compared }: Compared): HistoryApi {
  return async ({ channel, mspid, service, method, request }) => {
    const procedure = findProcedure(service, method);
    try {
      const [name, text] = invocationOf(procedure, request);
      const chaincode = CHAINCODES[channel as keyof typeof CHAINCODES];
      const call = { mspid, channel, chaincode, name, args: [text] };
      await compareEndorsements(call, compared);
      const kind = procedure.kind === 'write' ? 'submit' : 'evaluate';
      return { bytes: parseAnswer(procedure, await client[kind](call)) };
    } catch (error) {
      const refusal = error instanceof OrchestrationError ? error : parseFailure(chaincodeMessage(error) ?? '');
      if (!(refusal instanceof OrchestrationError)) throw error;
      return { code: GRPC_STATUS[refusal.code], message: refusal.message };
    }
  };
}

/** All peers say the same to one proposal, or soon do: the last block may not have reached one of them yet. */
async function compareEndorsements(call: DirectInvocation, { endorsers, tally }: Omit<Compared, 'client'>): Promise<void> {
  for (let comparison = 1; ; comparison += 1) {
    const [first, ...others] = await endorsers.endorse(call);
    if (first === undefined || others.length === 0) throw new Error('there is nobody to compare with');
    const isSame = others.every((other) => isDeepStrictEqual(other, first));
    if (!isSame && comparison < COMPARISONS) {
      tally.repeated += 1;
      await sleep(RETRY_DELAY_MS);
      continue;
    }
    for (const other of others) expect(other).toEqual(first);
    tally.compared += 1;
    tally.refused += first.status === 200 ? 0 : 1;
    tally.bytes += first.payload.length;
    return;
  }
}

import {
  CHAINCODE_EVENT_NAME,
  contractName,
  Event,
  functionName,
  NewComputePlan,
  parseEvents,
  type Procedure,
  procedures,
  QueryEventsParam,
  QueryEventsResponse,
  QueryVersionParam,
  QueryVersionResponse,
  RegisterOrganizationParam,
} from '@orchestrator/lib';
import { buildNewComputePlan, createRandom } from '@orchestrator/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { answerOf, findProcedure, invocationOf } from '../testing/invocations.ts';
import { createContracts, transactionsOf } from './contracts.ts';
import { type Simulation, StubPeer } from './spec-support.ts';

const CHANNEL = 'mychannel';
const MSPID = 'MyOrg1MSP';
const registerOrganization = findProcedure('OrganizationService', 'RegisterOrganization');
const registerPlan = findProcedure('ComputePlanService', 'RegisterPlan');
const queryEvents = findProcedure('EventService', 'QueryEvents');
const random = createRandom(5);

let peer: StubPeer;
let entries: unknown[];

beforeEach(() => {
  entries = [];
  const error = (...entry: unknown[]) => void entries.push(entry);
  peer = new StubPeer(undefined, { info: () => undefined, warn: () => undefined, error });
});

function submit(procedure: Procedure, bytes: Uint8Array, more: object = {}): Promise<Simulation> {
  return peer.submit({ channel: CHANNEL, mspid: MSPID, args: invocationOf(procedure, bytes), ...more });
}

function register(): Promise<Simulation> {
  return submit(registerOrganization, RegisterOrganizationParam.encode({ address: '' }).finish());
}

function invoke(...args: readonly (string | Buffer)[]): Promise<Simulation> {
  return peer.submit({ channel: CHANNEL, mspid: MSPID, args });
}

describe('contracts', () => {
  it('have the functions of the table and no other', () => {
    const found = createContracts(() => Promise.reject(new Error('not called'))).flatMap((contract) => {
      return transactionsOf(contract).map((method) => `${contract.getName()}:${method}`);
    });
    const expected = procedures.filter(({ kind }) => kind !== 'stream').map(functionName);
    expect(found.toSorted()).toEqual(expected.toSorted());
    expect(expected).toContain(`${contractName(registerPlan)}:RegisterPlan`);
  });
});

describe('an initialization', () => {
  it.each([[[]], [['']]])('with the arguments %j succeeds and does nothing', async (args) => {
    const { response, transaction, events } = await peer.simulate({ channel: CHANNEL, mspid: MSPID, args }, 'Init');
    expect([response.status, transaction.writes.size, events]).toEqual([200, 0, []]);
  });

  it('takes no function', async () => {
    const args = invocationOf(registerOrganization, RegisterOrganizationParam.encode({ address: '' }).finish());
    const { response, transaction } = await peer.simulate({ channel: CHANNEL, mspid: MSPID, args }, 'Init');
    expect([response.status, response.message, transaction.writes.size]).toEqual([500, expect.stringMatching(/^OE0010: /u), 0]);
  });
});

describe('an invocation', () => {
  it.each([
    ['no arguments at all', [], /^OE0010: /u],
    ['an empty function name', [''], /^OE0010: /u],
    ['a function of the default contract without its name', ['GetAllOrganizations', '{}'], /^OE0010: /u],
    ['the system contract', ['org.hyperledger.fabric:GetMetadata'], /^OE0010: /u],
    ['a name with white space', [' orchestrator.info:QueryVersion', '{}'], /^OE0010: /u],
    ['a name that ends with U+0000', ['orchestrator.info:QueryVersion\0', '{}'], /^OE0010: /u],
    ['a name that is no UTF-8', [Buffer.of(0xff), '{}'], /^OE0101: .*UTF-8/u],
    ['an argument that is no UTF-8', ['orchestrator.info:QueryVersion', Buffer.of(0x7b, 0xff, 0x7d)], /^OE0101: .*UTF-8/u],
    ['too few arguments', ['orchestrator.info:QueryVersion'], /^OE0101: .*not 0$/u],
    ['too many arguments', ['orchestrator.info:QueryVersion', '{}', '{}'], /^OE0101: .*not 2$/u],
    ['an argument of another form', ['orchestrator.info:QueryVersion', '{}'], /^OE0101: .*"msg"/u],
  ])('with %s is refused and writes nothing', async (_, args, message) => {
    const { response, transaction, events } = await invoke(...args);
    expect([response.status, response.message, transaction.messages, events]).toEqual([500, expect.stringMatching(message), { get: 0, put: 0, range: 0 }, []]);
    expect(entries).toEqual([]);
  });

  it('answers in the wrapper with the request id', async () => {
    const procedure = findProcedure('InfoService', 'QueryVersion');
    const args = invocationOf(procedure, QueryVersionParam.encode({}).finish(), { requestId: 'r-17' });
    const simulation = await peer.simulate({ channel: CHANNEL, mspid: MSPID, args });
    expect(QueryVersionResponse.decode(answerOf(procedure, simulation)).orchestrator).toBe('0.0.0-test');
    expect(JSON.parse(String(simulation.response.payload))).toMatchObject({ request_id: 'r-17' });
  });

  it('acts for the MSP id of its creator, in the channel of its proposal', async () => {
    await register();
    const other = await peer.simulate({ channel: 'yourchannel', mspid: 'MyOrg2MSP', args: invocationOf(registerOrganization, new Uint8Array(0)) });
    const [event] = parseEvents(other.events[0]?.payload ?? new Uint8Array(0));
    expect(Event.decode(event?.bytes ?? new Uint8Array(0))).toMatchObject({ assetKey: 'MyOrg2MSP', channel: 'yourchannel' });
  });

  it('that fails unexpectedly tells the request id and nothing else', async () => {
    await register();
    peer.ledger(CHANNEL).rewrite(() => 'no JSON');
    const { response } = await submit(registerPlan, NewComputePlan.encode(buildNewComputePlan(random)).finish());
    expect(response).toMatchObject({ status: 500, message: 'OE0007: internal error, request r' });
    expect(JSON.stringify(entries)).toContain('"requestId":"r"');
  });

  it('on values of another version says that they cannot be decoded', async () => {
    await register();
    peer.ledger(CHANNEL).rewrite((text) => text.replace('"address"', '"location"'));
    const procedure = findProcedure('OrganizationService', 'GetAllOrganizations');
    const { response } = await submit(procedure, new Uint8Array(0));
    expect(response.message).toBe('OE0001: a stored asset cannot be decoded');
  });

  it.each([
    ['before 1970', -1n],
    ['after 9999', 253_402_300_800_000_000n],
  ])('with a time %s is refused', async (_, instant) => {
    const { response } = await submit(registerOrganization, new Uint8Array(0), { instant });
    expect(response.message).toMatch(/^OE0003: the time of the transaction proposal/u);
  });

  it('at the last instant of 9999 is taken', async () => {
    const { response } = await submit(registerOrganization, new Uint8Array(0), { instant: 253_402_300_799_999_999n });
    expect(response.status).toBe(200);
  });
});

describe('the chaincode event', () => {
  it('is one for all events of a transaction, with ids of transaction and index', async () => {
    await register();
    const plan = buildNewComputePlan(random);
    const { events } = await submit(registerPlan, NewComputePlan.encode(plan).finish(), { txId: 'abc123' });
    expect(events.map(({ name }) => name)).toEqual([CHAINCODE_EVENT_NAME]);
    const parsed = parseEvents(events[0]?.payload ?? new Uint8Array(0));
    expect(parsed.map(({ id }) => id)).toEqual(['abc123:0']);
    const answer = await peer.simulate({ channel: CHANNEL, mspid: MSPID, args: invocationOf(queryEvents, QueryEventsParam.encode(QueryEventsParam.create()).finish()) });
    const listed = QueryEventsResponse.decode(answerOf(queryEvents, answer)).events;
    expect(listed.slice(1)).toEqual(parsed.map(({ bytes }) => Event.decode(bytes)));
    expect(answer.events).toEqual([]);
  });

  it('is not set by a refusal', async () => {
    await register();
    const { events, response } = await register();
    expect([response.status, events]).toEqual([500, []]);
  });

  it('that clients could not take is refused', async () => {
    peer = new StubPeer({ version: '0.0.0-test', maxPageBytes: 20 });
    const { response, transaction } = await register();
    expect(response.message).toMatch(/^event message larger than max \(\d+ vs\. 20\)$/u);
    expect(transaction.writes.size).toBe(0);
  });
});

describe('a replay', () => {
  it('gives the first answer, writes nothing, and is refused for another request', async () => {
    await register();
    const plan = buildNewComputePlan(random);
    const args = (request: NewComputePlan) => invocationOf(registerPlan, NewComputePlan.encode(request).finish(), { idempotencyKey: 'a b~c' });
    const first = await peer.submit({ channel: CHANNEL, mspid: MSPID, args: args(plan) });
    const second = await peer.submit({ channel: CHANNEL, mspid: MSPID, args: args(plan) });
    expect(answerOf(registerPlan, second)).toEqual(answerOf(registerPlan, first));
    expect([second.transaction.writes.size, second.events]).toEqual([0, []]);
    const other = await peer.submit({ channel: CHANNEL, mspid: MSPID, args: args(buildNewComputePlan(random)) });
    expect(other.response.message).toMatch(/^OE0006: /u);
    const stranger = await peer.submit({ channel: CHANNEL, mspid: 'MyOrg2MSP', args: args(plan) });
    expect(stranger.response.message).toMatch(/^OE0006: computeplan/u);
  });
});

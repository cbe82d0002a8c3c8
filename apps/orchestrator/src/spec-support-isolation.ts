import { type ServiceError, status } from '@grpc/grpc-js';
import { Event, procedures, QueryEventsResponse } from '@orchestrator/lib';
import type { ServerProcess } from '@orchestrator/tools';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Headers, SpecClient } from './spec-client.ts';
import { procedureOf, type TourStep, takeTour } from './spec-support-tour.ts';

const TIMEOUT_MS = 120_000;
const UUID = /[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}/g;
const OWNER = { channel: 'mychannel', mspid: 'MyOrg1MSP' };
const OTHER = { channel: 'yourchannel', mspid: 'MyOrg2MSP' };

/** A server in front of an empty store, in one of the modes. */
export interface IsolationSubject extends AsyncDisposable {
  readonly server: ServerProcess;
}

/** The channels of the server and their members. Nobody is MyOrg3MSP. */
export const isolationChannels: Readonly<Record<string, string>> = {
  mychannel: 'MyOrg1MSP',
  yourchannel: 'MyOrg1MSP, MyOrg2MSP',
};

const stack = new AsyncDisposableStack();
let client: SpecClient;
let server: ServerProcess;
let steps: readonly TourStep[];
/** What the stream of the other channel has shown. */
const seen: Buffer[] = [];

/**
 * For specs: no channel can be seen from another one. Whatever is asked there, existing and unknown keys get the same
 * answer.
 */
export function defineIsolation(open: () => Promise<IsolationSubject>): void {
  beforeAll(async () => {
    server = stack.use(await open()).server;
    client = stack.use(new SpecClient(server.grpcAddress));
    stack.use(client.collectEvents(seen, OTHER));
    steps = await takeTour(1, OWNER.mspid, async (method, request) =>
      procedureOf(method).response.decode(await client.call(method, request, OWNER)),
    );
  }, TIMEOUT_MS);

  afterAll(() => stack.disposeAsync());

  it('the tour has every procedure of the table', () => {
    const methods = new Set(steps.map(({ procedure }) => procedure.method));
    expect([...methods].toSorted()).toEqual(procedures.map(({ method }) => method).toSorted());
    const keys = steps.filter((step) => keysOf(step).length > 0);
    expect(keys.length).toBeGreaterThan(25);
  });

  describe('from another channel', () => {
    it('page tokens open nothing', tryPageTokens, TIMEOUT_MS);
    // Members of it; the first round of calls registers them there.
    it.each(['MyOrg2MSP', 'MyOrg1MSP'])('as %s: existing and unknown keys get the same answers', compareKeys, TIMEOUT_MS);
    it('no event crosses', compareEvents, TIMEOUT_MS);
  });

  describe('an organization with no rights', () => {
    it('gets one and the same answer to everything, and nothing is looked up for it', askAsStranger, TIMEOUT_MS);
  });
}

/** The same request, about assets that exist nowhere. */
function withUnknownKeys(request: Uint8Array): Buffer {
  // Text of the same length in place of the text of the keys: still the same message.
  return Buffer.from(Buffer.from(request).toString('latin1').replaceAll(UUID, mirror), 'latin1');
}

/** Turns every key into another one, and that one back into it. */
function mirror(key: string): string {
  return key.replaceAll(/[\da-f]/g, (digit) => (15 - Number.parseInt(digit, 16)).toString(16));
}

/** What can be told from a call: status and text, or the answer; without times, which differ from call to call. */
async function answerTo(step: TourStep, request: Uint8Array, headers: Headers): Promise<string> {
  const { service, method, kind, response } = step.procedure;
  const path = `/orchestrator.${service}/${method}`;
  try {
    if (kind === 'stream') return await client.firstOfStream(path, request, headers);
    const answer = response.decode(await client.callBytes(path, request, headers));
    return withoutTimes(JSON.stringify(answer, (_, value: unknown) => (value instanceof Map ? [...value] : value)));
  } catch (error) {
    const { code, details } = error as ServiceError;
    return `${status[code]} ${details}`;
  }
}

function withoutTimes(answer: string): string {
  return answer.replaceAll(/"seconds":"?\d+"?,"nanos":\d+/g, '"time"');
}

/** Answers may name the keys of their request: the keys are told apart, not the answers. */
function comparable(answer: string, isMirrored: boolean): string {
  return isMirrored ? answer.replaceAll(UUID, mirror) : answer;
}

function encode({ procedure, request }: TourStep): Buffer {
  return Buffer.from(procedure.request.encode(procedure.request.fromPartial(request)).finish());
}

function keysOf(step: TourStep): readonly string[] {
  return encode(step).toString('latin1').match(UUID) ?? [];
}

async function compareKeys(mspid: string): Promise<void> {
  const headers = { ...OTHER, mspid };
  const own = new Set(steps.flatMap(keysOf));
  // Registrations last: before them nothing of that name exists here.
  const order = steps.toSorted((a, b) => Number(isRegistration(a)) - Number(isRegistration(b)));
  for (const step of order) {
    const known = encode(step);
    const [first, second] = [await answerTo(step, known, headers), await answerTo(step, withUnknownKeys(known), headers)];
    // The organization itself has no key: its second registration is a conflict with the first.
    if (step.procedure.method === 'RegisterOrganization') continue;
    expect(comparable(second, true), step.procedure.method).toBe(comparable(first, false));
    const asked = new Set(keysOf(step));
    const told = (first.match(UUID) ?? []).filter((key) => own.has(key) && !asked.has(key));
    if (!isRegistration(step) && mspid === OTHER.mspid) expect(told, step.procedure.method).toEqual([]);
  }
}

/** While the other channel is empty. */
async function tryPageTokens(): Promise<void> {
  let tried = 0;
  for (const { procedure } of steps.filter((step) => step.procedure.method.startsWith('Query'))) {
    const answer = await client.call(procedure.method, { pageSize: 1 }, OWNER);
    const { nextPageToken: pageToken = '' } = procedure.response.decode(answer) as { readonly nextPageToken?: string };
    if (pageToken === '') continue;
    tried += 1;
    const step = { procedure, request: { pageSize: 1000, pageToken } };
    expect((await answerTo(step, encode(step), OTHER)).match(UUID) ?? [], procedure.method).toEqual([]);
  }
  expect(tried).toBeGreaterThan(2);
}

async function compareEvents(): Promise<void> {
  const { events } = QueryEventsResponse.decode(await client.call('QueryEvents', { pageSize: 1000 }, OTHER));
  expect(new Set(events.map(({ channel }) => channel))).toEqual(new Set([OTHER.channel]));
  await expect.poll(() => seen.length, { timeout: 10_000 }).toBe(events.length);
  const ids = events.map(({ id }) => id).toSorted();
  expect(seen.map((event) => Event.decode(event).id).toSorted()).toEqual(ids);
  const mine = QueryEventsResponse.decode(await client.call('QueryEvents', { pageSize: 1000 }, OWNER)).events;
  expect(mine.length).toBeGreaterThan(10);
  expect(mine.filter(({ id }) => ids.includes(id))).toEqual([]);
}

async function askAsStranger(): Promise<void> {
  const before = await transactions();
  for (const step of steps) {
    const known = encode(step);
    const stranger = { ...OWNER, mspid: 'MyOrg3MSP' };
    const answers = await Promise.all([
      answerTo(step, known, stranger),
      answerTo(step, withUnknownKeys(known), stranger),
      answerTo(step, known, { ...stranger, channel: 'nochannel' }),
      answerTo(step, known, { ...stranger, mspid: 'NobodyMSP' }),
    ]);
    const refusal = 'PERMISSION_DENIED OE0102: organization "MyOrg3MSP" is not a member of channel "mychannel"';
    expect(answers, step.procedure.method).toEqual([
      refusal,
      refusal,
      refusal.replace('mychannel', 'nochannel'),
      refusal.replace('MyOrg3MSP', 'NobodyMSP'),
    ]);
  }
  expect(await transactions()).toEqual(before);
}

function isRegistration({ procedure: { method } }: TourStep): boolean {
  return method.startsWith('Register');
}

/** What the server has asked its database, or its ledger, so far. */
async function transactions(): Promise<readonly string[]> {
  const answer = await fetch(`http://${server.httpAddress}/metrics`);
  return (await answer.text()).split('\n').filter((line) => line.startsWith('orc_db_transaction_total{'));
}

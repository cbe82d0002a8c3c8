// No channel can be seen from another one: whatever is asked there, existing and unknown keys get the same answer.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ServiceError, status } from '@grpc/grpc-js';
import { Event, procedures, QueryEventsResponse } from '@orchestrator/lib';
import { ServerProcess } from '@orchestrator/tools';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Headers, SpecClient } from './spec-client.ts';
import { type TourStep, takeTour } from './spec-support-tour.ts';
import { createMigratedDatabase } from './standalone/spec-support.ts';

const TIMEOUT_MS = 120_000;
const UUID = /[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}/g;
const OWNER = { channel: 'mychannel', mspid: 'MyOrg1MSP' };

const stack = new AsyncDisposableStack();
let client: SpecClient;
let server: ServerProcess;
let steps: readonly TourStep[];
/** What the stream of the other channel has shown. */
const seen: Buffer[] = [];

beforeAll(async () => {
  const database = stack.use(await createMigratedDatabase());
  const folder = await mkdtemp(join(tmpdir(), 'orchestrator-isolation-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const channels = join(folder, 'channels.yaml');
  await writeFile(
    channels,
    'channels: {mychannel: [MyOrg1MSP], yourchannel: [MyOrg1MSP, MyOrg2MSP], theirchannel: [MyOrg3MSP]}\n',
  );
  server = stack.use(
    await ServerProcess.start({
      ORCHESTRATOR_DATABASE_URL: database.url,
      ORCHESTRATOR_CHANNEL_CONFIG: channels,
      METRICS_ENABLED: 'true',
    }),
  );
  client = stack.use(new SpecClient(server.grpcAddress));
  stack.use(client.collectEvents(seen, { channel: 'yourchannel', mspid: 'MyOrg2MSP' }));
  steps = await takeTour(1, OWNER.mspid, async (method, request) => {
    const bytes = await client.call(method, request, OWNER);
    return procedures.find((row) => row.method === method)?.response.decode(bytes);
  });
}, TIMEOUT_MS);

afterAll(() => stack.disposeAsync());

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

it('the tour has every procedure of the table', () => {
  const methods = new Set(steps.map(({ procedure }) => procedure.method));
  expect([...methods].toSorted()).toEqual(procedures.map(({ method }) => method).toSorted());
  const keys = steps.filter((step) => encode(step).toString('latin1').match(UUID) !== null);
  expect(keys.length).toBeGreaterThan(25);
});

describe('from another channel', () => {
  // Members of it, registered there or not: the first round of calls registers them.
  it.each(['MyOrg2MSP', 'MyOrg1MSP'])(
    'as %s: existing and unknown keys get the same answers',
    async (mspid) => {
      const headers = { channel: 'yourchannel', mspid };
      const own = new Set(steps.flatMap((step) => encode(step).toString('latin1').match(UUID) ?? []));
      // Registrations last: before them nothing of that name exists here.
      const order = steps.toSorted((a, b) => Number(isRegistration(a)) - Number(isRegistration(b)));
      for (const step of order) {
        const known = encode(step);
        const unknown = withUnknownKeys(known);
        const [first, second] = [await answerTo(step, known, headers), await answerTo(step, unknown, headers)];
        // The organization itself has no key: its second registration is a conflict with the first.
        if (step.procedure.method === 'RegisterOrganization') continue;
        expect(comparable(second, true), step.procedure.method).toBe(comparable(first, false));
        const asked = new Set(known.toString('latin1').match(UUID) ?? []);
        const told = (first.match(UUID) ?? []).filter((key) => own.has(key) && !asked.has(key));
        if (!isRegistration(step) && mspid === 'MyOrg2MSP') expect(told, step.procedure.method).toEqual([]);
      }
    },
    TIMEOUT_MS,
  );

  it('page tokens of one channel open nothing in another', async () => {
    let tried = 0;
    for (const { procedure } of steps.filter((step) => step.procedure.method.startsWith('Query'))) {
      const request = procedure.request.encode(procedure.request.fromPartial({ pageSize: 1 })).finish();
      const path = `/orchestrator.${procedure.service}/${procedure.method}`;
      const page = procedure.response.decode(await client.callBytes(path, request, OWNER)) as { nextPageToken?: string };
      if (page.nextPageToken === undefined || page.nextPageToken === '') continue;
      tried += 1;
      const next = { pageSize: 1000, pageToken: page.nextPageToken };
      const bytes = procedure.request.encode(procedure.request.fromPartial(next)).finish();
      const empty = { channel: 'theirchannel', mspid: 'MyOrg3MSP' };
      const answer = JSON.stringify(procedure.response.decode(await client.callBytes(path, bytes, empty)));
      expect(answer.match(UUID) ?? [], procedure.method).toEqual([]);
    }
    expect(tried).toBeGreaterThan(2);
  });

  it('no event crosses', async () => {
    const bytes = await client.call('QueryEvents', { pageSize: 1000 }, { channel: 'yourchannel', mspid: 'MyOrg2MSP' });
    const { events } = QueryEventsResponse.decode(bytes);
    expect(new Set(events.map(({ channel }) => channel))).toEqual(new Set(['yourchannel']));
    await expect.poll(() => seen.length, { timeout: 10_000 }).toBe(events.length);
    expect(seen.map((event) => Event.decode(event).id)).toEqual(events.map(({ id }) => id));
    const mine = QueryEventsResponse.decode(await client.call('QueryEvents', { pageSize: 1000 }, OWNER)).events;
    const ids = new Set(mine.map(({ id }) => id));
    expect(ids.size).toBeGreaterThan(10);
    expect(events.filter(({ id }) => ids.has(id))).toEqual([]);
  });
});

describe('an organization with no rights', () => {
  it(
    'gets one and the same answer to everything, and nothing is looked up for it',
    async () => {
      const before = await transactions();
      for (const step of steps) {
        const known = encode(step);
        const answers = await Promise.all([
          answerTo(step, known, { channel: 'mychannel', mspid: 'MyOrg3MSP' }),
          answerTo(step, withUnknownKeys(known), { channel: 'mychannel', mspid: 'MyOrg3MSP' }),
          answerTo(step, known, { channel: 'nochannel', mspid: 'MyOrg3MSP' }),
          answerTo(step, known, { channel: 'mychannel', mspid: 'NobodyMSP' }),
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
    },
    TIMEOUT_MS,
  );
});

function isRegistration({ procedure: { method } }: TourStep): boolean {
  return method.startsWith('Register');
}

/** What the server has asked its database so far. */
async function transactions(): Promise<readonly string[]> {
  const answer = await fetch(`http://${server.httpAddress}/metrics`);
  return (await answer.text()).split('\n').filter((line) => line.startsWith('orc_db_transaction_total{'));
}

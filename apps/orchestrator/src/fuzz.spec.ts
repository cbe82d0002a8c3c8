// Spoiled messages to every procedure of a server process. Whatever comes: a clear refusal or an answer, nothing of a
// refused request in the store, and a server that goes on as before.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ServiceError, status } from '@grpc/grpc-js';
import { type Event, procedures, QueryEventsResponse } from '@orchestrator/lib';
import { createRandom, mutate } from '@orchestrator/testing';
import { ServerProcess } from '@orchestrator/tools';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Headers, SpecClient } from './spec-client.ts';
import { type TourStep, takeTour } from './spec-support-tour.ts';
import { createMigratedDatabase } from './standalone/spec-support.ts';

const isExtended = process.env['ORCHESTRATOR_TEST_EXTENDED'] === '1';
const MESSAGES = isExtended ? 100_000 : 5000;
const LANES = 4;
const TIMEOUT_MS = isExtended ? 1_800_000 : 180_000;
/** What the server may take more at the end than after the first quarter, in MiB; caches fill up meanwhile. */
const MAX_GROWTH_MIB = 150;

const seed = Number(process.env['ORCHESTRATOR_TEST_SEED'] ?? '1');

/** All that a request may be answered with. UNKNOWN and INTERNAL are missing: they would be bugs. */
const refusals: ReadonlySet<status> = new Set([
  status.INVALID_ARGUMENT,
  status.NOT_FOUND,
  status.ALREADY_EXISTS,
  status.PERMISSION_DENIED,
  status.FAILED_PRECONDITION,
  status.UNIMPLEMENTED,
  status.RESOURCE_EXHAUSTED,
]);

interface Sent {
  readonly path: string;
  readonly request: Buffer;
  readonly mspid: string;
}

const stack = new AsyncDisposableStack();
let server: ServerProcess;
let client: SpecClient;

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'orchestrator-fuzz-'));
  stack.defer(() => rmSync(folder, { recursive: true }));
  const names = Array.from({ length: LANES }, (_, lane) => [`fuzz${lane}`, `again${lane}`]).flat();
  const lines = names.map((name) => `  ${name}: [MyOrg1MSP, MyOrg2MSP]\n`);
  writeFileSync(join(folder, 'channels.yaml'), `channels:\n${lines.join('')}`);
  const database = stack.use(await createMigratedDatabase());
  server = stack.use(
    await ServerProcess.start({
      ORCHESTRATOR_DATABASE_URL: database.url,
      ORCHESTRATOR_CHANNEL_CONFIG: join(folder, 'channels.yaml'),
    }),
  );
  client = stack.use(new SpecClient(server.grpcAddress));
}, TIMEOUT_MS);

afterAll(() => stack.disposeAsync());

/** Spoils messages in one channel, one after another. @returns the writing ones that were answered, in their order. */
async function runLane(lane: number, messages: number, onMessage: (code: status) => void): Promise<readonly Sent[]> {
  const random = createRandom(seed * 1000 + lane);
  const answered: Sent[] = [];
  const headers = (mspid: string): Headers => ({ channel: `fuzz${lane}`, mspid });
  const steps = await takeTour(seed * 1000 + lane, 'MyOrg1MSP', async (method, request) => {
    const procedure = procedures.find((row) => row.method === method);
    const bytes = encode(method, request);
    const path = `/orchestrator.${procedure?.service}/${method}`;
    const answer = await client.callBytes(path, bytes, headers('MyOrg1MSP'));
    if (procedure?.kind === 'write') answered.push({ path, request: bytes, mspid: 'MyOrg1MSP' });
    return procedure?.response.decode(answer);
  });
  const keys = keysIn(steps);
  const seeds = [...steps, ...(await pageSteps(steps, headers('MyOrg1MSP')))];
  for (let count = 0; count < messages; count += 1) {
    const { procedure, request } = random.pick(seeds);
    const sent = {
      path: `/orchestrator.${procedure.service}/${procedure.method}`,
      request: mutate(random, encode(procedure.method, request), keys),
      mspid: random.pick(['MyOrg1MSP', 'MyOrg1MSP', 'MyOrg2MSP']),
    };
    const code = await send(procedure, sent, headers(sent.mspid));
    onMessage(code);
    if (code === status.OK && procedure.kind === 'write') answered.push(sent);
  }
  return answered;
}

/** The second page of every listing that has one, for page tokens to spoil. */
async function pageSteps(steps: readonly TourStep[], headers: Headers): Promise<readonly TourStep[]> {
  const pages: TourStep[] = [];
  for (const { procedure } of steps.filter((step) => step.procedure.method.startsWith('Query'))) {
    const answer = procedure.response.decode(await client.call(procedure.method, { pageSize: 1 }, headers));
    const { nextPageToken: pageToken = '' } = answer as { readonly nextPageToken?: string };
    if (pageToken !== '') pages.push({ procedure, request: { pageSize: 1, pageToken } });
  }
  expect(pages.length).toBeGreaterThan(2);
  return pages;
}

async function send(procedure: TourStep['procedure'], { path, request }: Sent, headers: Headers): Promise<status> {
  try {
    if (procedure.kind === 'stream') await client.firstOfStream(path, request, headers);
    else procedure.response.decode(await client.callBytes(path, request, headers));
    return status.OK;
  } catch (error) {
    const { code, details } = error as ServiceError;
    const what = `seed ${seed}, ${headers.channel}: ${path} ${request.toString('base64').slice(0, 2000)}: ${details}`;
    expect(refusals.has(code), `${status[code]} ${what}`).toBe(true);
    // Too many bytes are refused before there is an orchestration error.
    if (code !== status.RESOURCE_EXHAUSTED) expect(details, what).toMatch(/^OE\d{4}: /);
    expect(details, what).not.toMatch(/ at .*\.ts|node_modules|SELECT|INSERT|UPDATE .* SET|violates/);
    return code;
  }
}

function encode(method: string, request: object): Buffer {
  const codec = procedures.find((row) => row.method === method)?.request;
  return Buffer.from(codec?.encode(codec.fromPartial(request)).finish() ?? []);
}

function keysIn(steps: readonly TourStep[]): readonly string[] {
  const text = steps.map(({ procedure, request }) => encode(procedure.method, request).toString('latin1')).join(' ');
  return [...new Set(text.match(/[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/g) ?? [])];
}

/** The whole event log of a channel: every asset in every state, without ids, times and the channel's name. */
async function historyOf(channel: string): Promise<readonly string[]> {
  const history: string[] = [];
  let pageToken = '';
  do {
    const bytes = await client.call('QueryEvents', { pageToken, pageSize: 500 }, { channel, mspid: 'MyOrg1MSP' });
    const page = QueryEventsResponse.decode(bytes);
    history.push(...page.events.map(describeEvent));
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  return history;
}

function describeEvent(event: Event): string {
  const { id: _id, timestamp: _timestamp, channel: _channel, ...rest } = event;
  return JSON.stringify(rest, (name, value: unknown) => {
    if (name.endsWith('Date')) return value === undefined ? undefined : 'set';
    return value instanceof Map ? [...value] : value;
  });
}

function residentMib(): number {
  const [, kib = '0'] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8')) ?? [];
  return Number(kib) / 1024;
}

it(
  `${MESSAGES} spoiled messages, seed ${seed}`,
  async () => {
    const counts = new Map<string, number>();
    let [total, earlyMib] = [0, 0];
    const count = (code: status): void => {
      counts.set(status[code], (counts.get(status[code]) ?? 0) + 1);
      total += 1;
      if (total === Math.floor(MESSAGES / 4)) earlyMib = residentMib();
    };
    const lanes = Array.from({ length: LANES }, (_, lane) => lane);
    const answered = await Promise.all(lanes.map((lane) => runLane(lane, MESSAGES / LANES, count)));
    const lateMib = residentMib();
    console.log(`answers: ${[...counts].map((entry) => entry.join(' ')).join(', ')}; memory ${earlyMib.toFixed(0)} → ${lateMib.toFixed(0)} MiB`);
    // Of both kinds enough, or it proves little.
    expect(counts.get('OK')).toBeGreaterThan(MESSAGES / 20);
    expect(counts.get('INVALID_ARGUMENT')).toBeGreaterThan(MESSAGES / 10);
    expect(lateMib - earlyMib).toBeLessThan(MAX_GROWTH_MIB);
    // The answered requests alone, in another channel, make the same history: the refused ones have left nothing.
    await Promise.all(
      lanes.map(async (lane) => {
        for (const { path, request, mspid } of answered[lane] ?? [])
          await client.callBytes(path, request, { channel: `again${lane}`, mspid });
        expect(await historyOf(`again${lane}`)).toEqual(await historyOf(`fuzz${lane}`));
      }),
    );
    // No unexpected error, nothing that the server had to warn of.
    expect(server.everything.split('\n').filter((line) => /"level":"(ERROR|FATAL)"/.test(line))).toEqual([]);
  },
  TIMEOUT_MS,
);

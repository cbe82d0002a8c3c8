import { readFileSync } from 'node:fs';
import { type ServiceError, status } from '@grpc/grpc-js';
import { type Event, procedures, QueryEventsResponse } from '@orchestrator/lib';
import { createRandom, mutate } from '@orchestrator/testing';
import type { ServerProcess } from '@orchestrator/tools';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Headers, SpecClient } from './spec-client.ts';
import { type TourStep, takeTour } from './spec-support-tour.ts';

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

/** A server to send spoiled messages to. */
export interface FuzzSubject extends AsyncDisposable {
  readonly server: ServerProcess;
}

export interface FuzzOptions {
  readonly open: () => Promise<FuzzSubject>;
  /** Empty channels of MyOrg1MSP and MyOrg2MSP: one for the spoiled messages, one for those that were answered. */
  readonly lanes: readonly (readonly [spoiled: string, again: string])[];
  readonly messages: number;
  readonly timeoutMs: number;
}

interface Sent {
  readonly path: string;
  readonly request: Buffer;
  readonly mspid: string;
}

const stack = new AsyncDisposableStack();
let server: ServerProcess;
let client: SpecClient;

/**
 * For specs: spoiled messages to every procedure of a server process. Whatever comes: a clear refusal or an answer,
 * nothing of a refused request in the store, and a server that goes on as before.
 */
export function defineFuzz(options: FuzzOptions): void {
  beforeAll(async () => {
    server = stack.use(await options.open()).server;
    client = stack.use(new SpecClient(server.grpcAddress));
  }, options.timeoutMs);

  afterAll(() => stack.disposeAsync());

  it(`${options.messages} spoiled messages, seed ${seed}`, () => spoil(options), options.timeoutMs);
}

interface Lane {
  readonly channel: string;
  readonly lane: number;
  readonly messages: number;
  readonly onMessage: (code: status) => void;
}

/** Spoils messages in one channel, one after another. @returns the writing ones that were answered, in their order. */
async function runLane({ channel, lane, messages, onMessage }: Lane): Promise<readonly Sent[]> {
  const random = createRandom(seed * 1000 + lane);
  const answered: Sent[] = [];
  const headers = (mspid: string): Headers => ({ channel, mspid });
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

async function spoil({ lanes, messages }: FuzzOptions): Promise<void> {
  const counts = new Map<string, number>();
  let [total, earlyMib] = [0, 0];
  const onMessage = (code: status): void => {
    counts.set(status[code], (counts.get(status[code]) ?? 0) + 1);
    total += 1;
    if (total === Math.floor(messages / 4)) earlyMib = residentMib();
  };
  const answered = await Promise.all(
    lanes.map(([channel], lane) => runLane({ channel, lane, messages: messages / lanes.length, onMessage })),
  );
  const lateMib = residentMib();
  const answers = [...counts].map((entry) => entry.join(' ')).join(', ');
  console.log(`answers: ${answers}; memory ${earlyMib.toFixed(0)} → ${lateMib.toFixed(0)} MiB`);
  // Of both kinds enough, or it proves little.
  expect(counts.get('OK')).toBeGreaterThan(messages / 20);
  expect(counts.get('INVALID_ARGUMENT')).toBeGreaterThan(messages / 10);
  expect(lateMib - earlyMib).toBeLessThan(MAX_GROWTH_MIB);
  await Promise.all(lanes.map((lane, index) => compareWithAgain(lane, answered[index] ?? [])));
  // No unexpected error.
  expect(server.everything.split('\n').filter((line) => /"level":"(ERROR|FATAL)"/.test(line))).toEqual([]);
}

/** The answered requests alone, in another channel, make the same history: the refused ones have left nothing. */
async function compareWithAgain([spoiled, again]: readonly [string, string], answered: readonly Sent[]): Promise<void> {
  for (const { path, request, mspid } of answered) await client.callBytes(path, request, { channel: again, mspid });
  expect(await historyOf(again)).toEqual(await historyOf(spoiled));
}

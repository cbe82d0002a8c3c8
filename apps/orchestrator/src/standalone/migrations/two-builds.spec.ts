import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Event, QueryEventsResponse, QueryVersionResponse } from '@orchestrator/lib';
import { buildNewComputePlan, createRandom, type HistoryApi, runHistory } from '@orchestrator/testing';
import { type Build, createTestDatabase, nextBuild, runMigration, ServerProcess, startMigration, thisBuild } from '@orchestrator/tools';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SpecClient } from '../../spec-client.ts';
import { historyApi } from '../../spec-support-history-api.ts';
import { refusalOf, until } from '../../spec-waiting.ts';

const TIMEOUT_MS = 180_000;
const STEPS = 300;
const WRITES = 40;
const WRITERS = 4;
const PAGE_SIZE = 1000;
const organizations = ['MyOrg1MSP', 'MyOrg2MSP'];

const stack = new AsyncDisposableStack();
let environment: Readonly<Record<string, string>>;
let url: string;
let current: Build;
let next: Build;
let old: ServerProcess;
let oldClient: SpecClient;

beforeAll(async () => {
  url = stack.use(await createTestDatabase()).url;
  const folder = await mkdtemp(join(tmpdir(), 'orchestrator-two-builds-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const channels = join(folder, 'channels.yaml');
  const members = organizations.join(', ');
  await writeFile(channels, `channels: {mychannel: [${members}], together: [${members}], first: [${members}], second: [${members}]}\n`);
  environment = { ORCHESTRATOR_DATABASE_URL: url, ORCHESTRATOR_CHANNEL_CONFIG: channels };
  current = await thisBuild();
  const table = 'CREATE TABLE next_build (id integer PRIMARY KEY); ALTER TABLE organizations ADD COLUMN next_build text';
  next = stack.use(await nextBuild({ version: '9.1.0', sql: table, serves: current.schemaVersion }));
  await runMigration(url);
  old = stack.use(await ServerProcess.start(environment));
  oldClient = stack.use(new SpecClient(old.grpcAddress));
}, TIMEOUT_MS);

afterAll(() => stack.disposeAsync(), TIMEOUT_MS);

async function versionOf(client: SpecClient): Promise<string> {
  return QueryVersionResponse.decode(await client.call('QueryVersion', {}, headersOf('together'))).orchestrator;
}

function headersOf(channel: string): { readonly channel: string; readonly mspid: string } {
  return { channel, mspid: 'MyOrg1MSP' };
}

/** One call goes to the one server, the next to the other. */
function alternating(one: SpecClient, other: SpecClient): HistoryApi {
  let calls = 0;
  return historyApi(() => {
    calls += 1;
    return calls % 2 === 0 ? one : other;
  });
}

/** Registers plans over all of the servers at once. @returns their keys. */
async function writeTogether(clients: readonly SpecClient[]): Promise<readonly string[]> {
  const [first] = clients;
  await first?.call('RegisterOrganization', { address: '' }, headersOf('together'));
  const writers = clients.flatMap((client) => Array.from({ length: WRITERS }, () => client));
  const keys = await Promise.all(
    writers.map(async (client, seed) => {
      const random = createRandom(seed + 1);
      const plans = Array.from({ length: WRITES }, () => buildNewComputePlan(random));
      for (const plan of plans) await client.call('RegisterPlan', plan, headersOf('together'));
      return plans.map(({ key }) => key);
    }),
  );
  return keys.flat();
}

describe('a build with one migration more, beside this one on one database', { timeout: TIMEOUT_MS }, () => {
  let nextClient: SpecClient;

  it('does not start before the schema is its own', async () => {
    const refusal = String(await refusalOf(ServerProcess.start(environment, { build: next })));
    expect(refusal).toContain('"code":1');
    expect(refusal).toContain(
      `the database's schema has version ${current.schemaVersion} and this server needs ${next.schemaVersion}: run "orchestrator migrate" of this server first`,
    );
  });

  it('starts when it is, while the old one goes on', async () => {
    const before = await versionOf(oldClient);
    await runMigration(url, { build: next });
    nextClient = stack.use(new SpecClient(stack.use(await ServerProcess.start(environment, { build: next })).grpcAddress));
    expect([await versionOf(oldClient), await versionOf(nextClient)]).toEqual([before, '9.1.0']);
  });

  it('does with it what one server would: every answer is the model\'s, whichever of them gives it', async () => {
    const api = alternating(oldClient, nextClient);
    const summary = await runHistory({ seed: 11, steps: STEPS, api, channels: ['first', 'second'], organizations });
    expect(Math.min(summary.answered.size, summary.refused.size)).toBeGreaterThan(5);
  });

  it('writes at the same time, and both tell of all events in one order', async () => {
    const streams: readonly [Buffer[], Buffer[]] = [[], []];
    using _one = oldClient.collectEvents(streams[0], headersOf('together'));
    using _other = nextClient.collectEvents(streams[1], headersOf('together'));
    const keys = await writeTogether([oldClient, nextClient]);
    const count = keys.length + 1;
    await until('all events on both streams', async () => streams.every((events) => events.length >= count));
    const logs = await Promise.all(
      [oldClient, nextClient].map(async (client) => {
        const answer = await client.call('QueryEvents', { pageSize: PAGE_SIZE }, headersOf('together'));
        return QueryEventsResponse.decode(answer).events;
      }),
    );
    const [log = []] = logs;
    expect(log.slice(1).map(({ assetKey }) => assetKey).toSorted()).toEqual(keys.toSorted());
    expect(logs[1]).toEqual(log);
    for (const events of streams) expect(events.map((bytes) => Event.decode(bytes))).toEqual(log);
  });

  it('can be taken back: the old one starts on the new schema', async () => {
    await using again = await ServerProcess.start(environment);
    using client = new SpecClient(again.grpcAddress);
    await client.call('RegisterPlan', buildNewComputePlan(createRandom(99)), headersOf('together'));
  });

  it('goes on after a contraction, which ends the old one and keeps it from starting', async () => {
    const sql = 'ALTER TABLE organizations DROP COLUMN next_build';
    await using contracted = await nextBuild({ after: next, version: '9.2.0', sql, serves: next.schemaVersion });
    const stream = oldClient.streamEnd();
    await runMigration(url, { build: contracted });
    const { code } = await old.ended();
    expect(code).toBe(0);
    expect(old.output).toContain('the schema was migrated and no longer serves this server, use a newer one: shutting down');
    // UNAVAILABLE: a client goes on at another server.
    expect(await stream).toBe(14);
    expect(await versionOf(nextClient)).toBe('9.1.0');
    await nextClient.call('RegisterPlan', buildNewComputePlan(createRandom(100)), headersOf('together'));
    const refusal = `the database's schema has version ${contracted.schemaVersion}, which serves servers from ${next.schemaVersion} on, and this server is of ${current.schemaVersion}: use a newer server`;
    expect(String(await refusalOf(ServerProcess.start(environment)))).toContain(refusal);
    expect(await startMigration(url).ended).toMatchObject({ code: 1, output: expect.stringContaining(refusal) });
  });
});

import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildNewFunction, createRandom } from '@orchestrator/testing';
import { callManagement, createTestVirtualHost, ServerProcess } from '@orchestrator/tools';
import type { TestVirtualHost } from '@orchestrator/tools';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ReconcilerConfig } from '../config/reconciler-config.ts';
import { SpecClient } from '../spec-client.ts';
import { createMigratedDatabase, silentLog } from '../standalone/spec-support.ts';
import { QueueReader } from './spec-support.ts';
import { apiPath } from './topology/management-api.ts';
import { watchTopology } from './topology/watch.ts';

const ENTRY = 'orchestration';
const patient = { timeout: 20_000 };
const run = randomUUID().slice(0, 8);
/** Users are the whole broker's. */
const [A, B, PUBLISHER] = [`A-${run}`, `B-${run}`, `publisher-${run}`];

let stack: AsyncDisposableStack;
let host: TestVirtualHost;
let channelsPath: string;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  host = stack.use(await createTestVirtualHost());
  const folder = await mkdtemp(join(tmpdir(), 'orchestrator-broker-'));
  stack.defer(() => rm(folder, { recursive: true }));
  channelsPath = join(folder, 'channels.yaml');
});

afterEach(() => stack.disposeAsync());

function manage(method: string, path: string, body?: unknown): Promise<unknown> {
  return callManagement({ managementUrl: host.managementUrl, method, path, body });
}

function urlOf(user: string): string {
  const url = new URL(host.amqpUrl);
  [url.username, url.password] = [user, 'password'];
  return url.href;
}

/** As docs/broker.md tells operators to make it. */
async function makePublisherUser(): Promise<void> {
  await manage('PUT', apiPath('users', PUBLISHER), { password: 'password', tags: '' });
  stack.defer(async () => void (await manage('DELETE', apiPath('users', PUBLISHER))));
  const permission = { configure: '', write: `^${ENTRY}$`, read: '' };
  await manage('PUT', apiPath('permissions', host.name, PUBLISHER), permission);
}

async function configure(channels: Readonly<Record<string, readonly string[]>>): Promise<void> {
  await writeFile(channelsPath, JSON.stringify({ channels }));
}

function startReconciler(): void {
  const config: ReconcilerConfig = {
    logging: { level: 'info', color: false },
    managementUrl: host.managementUrl,
    virtualHost: host.name,
    entryExchange: ENTRY,
    queueType: 'classic',
    channelsPath,
    passwords: new Map([A, B].map((name) => [name, 'password'])),
    intervalMs: 300,
  };
  const stop = new AbortController();
  const watching = watchTopology({ config, pruneNonempty: true, log: silentLog, signal: stop.signal });
  stack.defer(async () => {
    stop.abort();
    await watching;
    for (const user of [A, B]) await manage('DELETE', apiPath('users', user)).catch(() => undefined);
  });
}

async function membersOf(channel: string): Promise<readonly string[]> {
  const path = `${apiPath('exchanges', host.name, channel)}/bindings/source`;
  const bindings = (await manage('GET', path).catch(() => [])) as readonly { readonly destination: string }[];
  return bindings.map(({ destination }) => destination).toSorted();
}

/** `<channel> <asset kind>` of what came, in order. */
function seen(reader: QueueReader): readonly string[] {
  return reader.deliveries.map(({ message }) => {
    const event = JSON.parse(message.content.toString()) as { readonly channel: string; readonly asset_kind: string };
    return `${event.channel} ${event.asset_kind}`;
  });
}

it('brings each organization its channels and no others, through changes of the configuration', { timeout: 120_000 }, async () => {
  const database = stack.use(await createMigratedDatabase());
  await makePublisherUser();
  await configure({ one: [A, B], two: [B] });
  startReconciler();
  const server = stack.use(
    await ServerProcess.start({
      ORCHESTRATOR_DATABASE_URL: database.url,
      ORCHESTRATOR_CHANNEL_CONFIG: channelsPath,
      ORCHESTRATOR_AMQP_DSN: urlOf(PUBLISHER),
    }),
  );
  using client = new SpecClient(server.grpcAddress);
  await expect.poll(() => membersOf('two'), patient).toEqual([B]);
  await expect.poll(() => QueueReader.open(urlOf(A), A).then((reader) => reader[Symbol.asyncDispose]()), patient).toBeUndefined();
  const [ofA, ofB] = [stack.use(await QueueReader.open(urlOf(A), A)), stack.use(await QueueReader.open(urlOf(B), B))];
  await client.call('RegisterOrganization', { address: '' }, { channel: 'two', mspid: B });
  await client.call('RegisterOrganization', { address: '' }, { channel: 'one', mspid: A });
  await expect.poll(() => seen(ofA), patient).toEqual(['one ASSET_ORGANIZATION']);
  await expect.poll(() => seen(ofB).toSorted(), patient).toEqual(['one ASSET_ORGANIZATION', 'two ASSET_ORGANIZATION']);

  await configure({ one: [A], two: [B], three: [A] });
  await expect.poll(() => membersOf('three'), patient).toEqual([A]);
  await expect.poll(() => membersOf('one'), patient).toEqual([A]);
  const inThree = () => client.call('RegisterOrganization', { address: '' }, { channel: 'three', mspid: A });
  await expect.poll(() => inThree().then(() => 'accepted', String), patient).toBe('accepted');
  await client.call('RegisterFunction', buildNewFunction(createRandom(1)), { channel: 'one', mspid: A });
  await expect.poll(() => seen(ofA).toSorted(), patient).toEqual(['one ASSET_FUNCTION', 'one ASSET_ORGANIZATION', 'three ASSET_ORGANIZATION']);
  await client.call('RegisterFunction', buildNewFunction(createRandom(2)), { channel: 'two', mspid: B });
  await expect.poll(() => seen(ofB).at(-1), patient).toBe('two ASSET_FUNCTION');
  expect(seen(ofB)).toHaveLength(3);
  await expect(client.call('QueryFunctions', {}, { channel: 'one', mspid: B })).rejects.toThrow();
});

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, createTestVirtualHost, ServerProcess } from '@orchestrator/tools';
import type { TestDatabase, TestVirtualHost } from '@orchestrator/tools';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { SpecClient } from '../spec-client.ts';
import { createMigratedDatabase } from '../standalone/spec-support.ts';
import { declareTopology } from './spec-support.ts';
import { readStatus, renderStatus } from './status.ts';
import type { StatusCommand } from './status.ts';

let stack: AsyncDisposableStack;
let database: TestDatabase;
let host: TestVirtualHost;
let command: StatusCommand;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  database = stack.use(await createMigratedDatabase());
  host = stack.use(await createTestVirtualHost());
  const folder = await mkdtemp(join(tmpdir(), 'orchestrator-status-'));
  stack.defer(() => rm(folder, { recursive: true }));
  const channelsPath = join(folder, 'channels.yaml');
  await writeFile(channelsPath, 'channels: {mychannel: [MyOrg1MSP], yourchannel: [MyOrg1MSP]}\n');
  command = {
    databaseUrl: database.url,
    amqpDsn: host.amqpUrl,
    exchange: 'orchestration',
    channelsPath,
    managementUrl: host.managementUrl,
    virtualHost: host.name,
  };
});

afterEach(() => stack.disposeAsync());

/** The cells of the row that begins with a name. */
async function row(name: string): Promise<readonly string[]> {
  const { out } = await readStatus(command);
  const found = out.split('\n').find((line) => line.startsWith(`${name} `));
  return found?.split(/ {2,}/) ?? [];
}

it('follows the publishing of a server, and its end', async () => {
  await declareTopology(host.amqpUrl, { mychannel: ['MyOrg1MSP'], yourchannel: ['MyOrg1MSP'] });
  const server = stack.use(
    await ServerProcess.start({
      ORCHESTRATOR_DATABASE_URL: database.url,
      ORCHESTRATOR_AMQP_DSN: host.amqpUrl,
      ORCHESTRATOR_CHANNEL_CONFIG: command.channelsPath ?? '',
    }),
  );
  using client = new SpecClient(server.grpcAddress);
  await client.call('RegisterOrganization', { address: '' });
  const holder = expect.stringMatching(new RegExp(`/${server.pid}$`)) as unknown;
  await expect.poll(() => row('mychannel'), { timeout: 20_000 }).toEqual(['mychannel', '1', '1', '0', '0.0', holder]);
  expect(await readStatus(command)).toMatchObject({ ok: true, err: '' });
  await expect.poll(() => row('MyOrg1MSP'), { timeout: 20_000 }).toEqual(['MyOrg1MSP', '1', '0']);
  server.kill('SIGKILL');
  const last = expect.stringMatching(new RegExp(String.raw`^nobody \(last .*/${server.pid}\)$`)) as unknown;
  await expect.poll(() => row('mychannel'), { timeout: 20_000 }).toEqual(['mychannel', '1', '1', '0', '0.0', last]);
});

it('names what to do about wrong credentials, a broker that is away, a missing exchange and a missing queue', async () => {
  const problemsOf = async (changed: Partial<StatusCommand>) => (await readStatus({ ...command, ...changed })).err;
  const wrong = new URL(host.amqpUrl);
  wrong.password = 'hidden';
  expect(await problemsOf({ amqpDsn: wrong.href })).toMatch(/^Problem: the broker: .*ORCHESTRATOR_AMQP_DSN/);
  expect(await problemsOf({ amqpDsn: wrong.href })).not.toContain('hidden');
  const away = new URL(host.amqpUrl);
  away.port = String(await closedPort());
  expect(await problemsOf({ amqpDsn: away.href })).toMatch(/^Problem: the broker: .*check that the broker/);
  expect(await problemsOf({ managementUrl: 'http://u:hidden@127.0.0.1:1' })).toContain('ORCHESTRATOR_RABBITMQ_MANAGEMENT_URL');
  expect(await problemsOf({})).toMatch(/no exchange orchestration: run "orchestrator broker reconcile"/);
  await declareTopology(host.amqpUrl, { mychannel: ['MyOrg1MSP'], yourchannel: [] });
  expect(await problemsOf({})).toBe('');
  await writeFile(command.channelsPath ?? '', 'channels: {mychannel: [MyOrg1MSP], yourchannel: [MyOrg2MSP]}\n');
  expect(await problemsOf({})).toMatch(/^Problem: channel yourchannel: .*no queue MyOrg2MSP: run "orchestrator broker reconcile"\n$/);
});

it('reads the cursors of a server in distributed mode from its event index', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'orchestrator-status-'));
  stack.defer(() => rm(folder, { recursive: true }));
  const eventIndexFile = join(folder, 'event-index.json');
  const entry = { chaincode: 'mycc', ledger: 'l', block: '3', transaction: '0a'.repeat(32), index: 1, position: '17', fence: '2' };
  await writeFile(eventIndexFile, JSON.stringify({ version: 1, channels: { mychannel: entry } }));
  const { out } = await readStatus({ ...command, databaseUrl: undefined, eventIndexFile, managementUrl: undefined });
  expect(out).toMatch(/^channel +cursor .*\nmychannel  17 +- +- +- +-\n$/);
});

it('asks for the migration of an old database', async () => {
  await using empty = await createTestDatabase();
  await expect(readStatus({ ...command, databaseUrl: empty.url })).rejects.toThrow('run "orchestrator migrate"');
});

it('prints a table', () => {
  const progress = { head: 12n, lagSeconds: 61.25, holder: 'h/1', held: true };
  const channel = { channel: 'a long name', cursor: 3n, progress };
  const unheld = { ...progress, holder: undefined, held: false };
  expect(renderStatus([channel, { ...channel, channel: 'b', progress: unheld }, { channel: 'c', cursor: 7n }])).toBe(
    [
      'channel      cursor  head  lag  lag in s  holder',
      'a long name  3       12    9    61.3      h/1',
      'b            3       12    9    61.3      nobody',
      'c            7       -     -    -         -',
      '',
    ].join('\n'),
  );
});

/** A port that nobody listens on. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => void server.close(resolve));
  return port;
}

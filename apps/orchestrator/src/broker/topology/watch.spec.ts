import { execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { callManagement, createTestVirtualHost } from '@orchestrator/tools';
import type { TestVirtualHost } from '@orchestrator/tools';
import { connect } from 'amqplib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ReconcilerConfig } from '../../config/reconciler-config.ts';
import { RecordingLog } from '../../log/spec-support.ts';
import { reconcileOnce } from './commands.ts';
import { apiPath } from './management-api.ts';
import { watchTopology } from './watch.ts';

const execute = promisify(execFile);
const patient = { timeout: 15_000 };

let host: TestVirtualHost;
let folder: string;
let config: ReconcilerConfig;
let organizations: readonly [string, string];

beforeEach(async () => {
  host = await createTestVirtualHost();
  folder = await mkdtemp(join(tmpdir(), 'orchestrator-watch-'));
  await mkdir(join(folder, 'passwords'));
  const run = randomUUID().slice(0, 8);
  organizations = [`A-${run}`, `B-${run}`];
  for (const name of organizations) await writeFile(join(folder, 'passwords', name), `secret of ${name}\n`);
  config = {
    logging: { level: 'info', color: false },
    managementUrl: host.managementUrl,
    virtualHost: host.name,
    entryExchange: 'orchestration',
    queueType: 'classic',
    channelsPath: join(folder, 'channels.yaml'),
    passwordsDir: join(folder, 'passwords'),
    passwords: new Map(),
    intervalMs: 300,
  };
});

afterEach(async () => {
  for (const name of organizations) await manage('DELETE', apiPath('users', name)).catch(() => undefined);
  await host[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

function manage(method: string, path: string): Promise<unknown> {
  return callManagement({ managementUrl: host.managementUrl, method, path });
}

async function configure(channels: Readonly<Record<string, readonly string[]>>): Promise<void> {
  await writeFile(config.channelsPath, JSON.stringify({ channels }));
}

/** The queues that a channel's events go to. */
async function membersOf(channel: string): Promise<readonly string[]> {
  const path = `${apiPath('exchanges', host.name, channel)}/bindings/source`;
  const bindings = (await manage('GET', path).catch(() => [])) as readonly { readonly destination: string }[];
  return bindings.map(({ destination }) => destination).toSorted();
}

function isUserOf(name: string, password: string): Promise<boolean> {
  const url = new URL(host.amqpUrl);
  url.username = name;
  url.password = encodeURIComponent(password);
  return connect(url.href).then(
    async (connection) => {
      await connection.close();
      return true;
    },
    () => false,
  );
}

it('follows the files without a restart, survives broken ones, repairs drift, and shows no password', async () => {
  const [a, b] = organizations;
  const log = new RecordingLog();
  const stop = new AbortController();
  await configure({ one: [a] });
  const watching = watchTopology({ config, pruneNonempty: false, log, signal: stop.signal });
  await expect.poll(() => isUserOf(a, `secret of ${a}`), patient).toBe(true);
  await configure({ one: [a], two: [a, b] });
  await expect.poll(() => membersOf('two'), patient).toEqual([a, b]);
  await writeFile(config.channelsPath, 'channels: {one: []}');
  await expect.poll(() => log.entries.filter(({ level }) => level === 'error'), patient).toHaveLength(1);
  expect(await membersOf('two')).toEqual([a, b]);
  await configure({ one: [a], two: [b] });
  await expect.poll(() => membersOf('two'), patient).toEqual([b]);
  await writeFile(join(folder, 'passwords', a), 'a new secret');
  await expect.poll(() => isUserOf(a, 'a new secret'), patient).toBe(true);
  await manage('DELETE', apiPath('queues', host.name, b));
  await expect.poll(() => membersOf('two'), patient).toEqual([b]);
  await configure({ one: [a] });
  await expect.poll(() => isUserOf(b, `secret of ${b}`), patient).toBe(false);
  stop.abort();
  await watching;
  expect(JSON.stringify(log.entries)).not.toContain('secret');
});

it('says once that the management API is away, and goes on trying', async () => {
  const log = new RecordingLog();
  const stop = new AbortController();
  await configure({ one: [organizations[0]] });
  const away = { ...config, managementUrl: 'http://u:hidden@127.0.0.1:1' };
  const watching = watchTopology({ config: away, pruneNonempty: false, log, signal: stop.signal });
  await expect.poll(() => log.entries.length, patient).toBe(1);
  expect(log.entries[0]?.message).toMatch(/tried again: .*ORCHESTRATOR_RABBITMQ_MANAGEMENT_URL/);
  stop.abort();
  await watching;
  expect(JSON.stringify(log.entries)).not.toContain('hidden');
});

it('tells one pass in lines', async () => {
  const [a, b] = organizations;
  await configure({ one: [a], '#': [b] });
  const command = { config, pruneNonempty: false };
  const plan = await reconcileOnce({ ...command, dryRun: true });
  expect(plan.out).toMatch(/^Would:\nmake the topic exchange "orchestration"\n/);
  expect(plan).toMatchObject({ ok: false, err: expect.stringMatching(/^Problem: channel "#" has the word "#"/) });
  expect(await membersOf('one')).toEqual([]);
  await reconcileOnce({ ...command, dryRun: false });
  await configure({ one: [a], two: [b] });
  expect(await reconcileOnce({ ...command, dryRun: false })).toMatchObject({ ok: true, err: '' });
  expect(await reconcileOnce({ ...command, dryRun: false })).toEqual({ ok: true, out: 'Nothing to change.\n', err: '' });
});

describe('the program', () => {
  const command = ['--conditions=@orchestrator/source', join(import.meta.dirname, '../../main.ts'), 'broker', 'reconcile'];

  function environment(): NodeJS.ProcessEnv {
    return {
      PATH: process.env.PATH,
      ORCHESTRATOR_RABBITMQ_MANAGEMENT_URL: host.managementUrl,
      ORCHESTRATOR_AMQP_DSN: host.amqpUrl,
      ORCHESTRATOR_CHANNEL_CONFIG: config.channelsPath,
      ORCHESTRATOR_BROKER_PASSWORDS: JSON.stringify({ [organizations[0]]: 'from the environment' }),
    };
  }

  it('reconciles once', async () => {
    const [a] = organizations;
    await configure({ one: [a] });
    const run = () => execute(process.execPath, command, { env: environment() });
    expect((await run()).stdout).toContain(`make the user "${a}"\n`);
    expect(await run()).toMatchObject({ stdout: 'Nothing to change.\n', stderr: '' });
    expect(await isUserOf(a, 'from the environment')).toBe(true);
  });

  it('watches until SIGTERM, and ends well', async () => {
    const [a] = organizations;
    await configure({ one: [a] });
    const child = spawn(process.execPath, [...command, '--watch'], { env: environment(), stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(child, 'exit');
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    await expect.poll(() => isUserOf(a, 'from the environment'), patient).toBe(true);
    await expect.poll(() => membersOf('one'), patient).toEqual([a]);
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    expect(output).toContain('broker: make the user');
    expect(output).not.toContain('from the environment');
  });
});

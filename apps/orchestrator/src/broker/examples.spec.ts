import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { callManagement, createTestVirtualHost } from '@orchestrator/tools';
import type { TestVirtualHost } from '@orchestrator/tools';
import { connect } from 'amqplib';
import type { ChannelModel, ConfirmChannel } from 'amqplib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { apiPath } from './topology/management-api.ts';
import { reconcile } from './topology/reconcile.ts';
import { desiredTopology } from './topology/topology.ts';

const execute = promisify(execFile);
const examples = join(import.meta.dirname, '../../../../examples/consumers');
const entryExchange = 'orchestration';
const channel = 'mychannel';
const patient = { timeout: 20_000 };

let host: TestVirtualHost;
let folder: string;
let connection: ChannelModel;
let publisher: ConfirmChannel;
const users: string[] = [];

beforeAll(async () => {
  host = await createTestVirtualHost();
  folder = await mkdtemp(join(tmpdir(), 'orchestrator-examples-'));
  connection = await connect(host.amqpUrl);
  publisher = await connection.createConfirmChannel();
});

afterAll(async () => {
  await connection.close();
  for (const name of users) await manage('DELETE', apiPath('users', name));
  await host[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

function manage(method: string, path: string): Promise<unknown> {
  return callManagement({ managementUrl: host.managementUrl, method, path });
}

/** One program, as the user of an organization. */
class Consumer implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #handled: string[];

  /** @param handled takes the ids of the events that it handles. */
  constructor(command: readonly string[], { organization, handled }: { readonly organization: string; readonly handled: string[] }) {
    this.#handled = handled;
    const url = new URL(host.amqpUrl);
    url.username = organization;
    url.password = 'password';
    const [program = '', ...args] = command;
    this.#child = spawn(program, args, {
      env: { PATH: process.env.PATH, AMQP_URL: url.href, QUEUE: organization, STATE_FILE: join(folder, organization) },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (this.#child.stdout === null) throw new Error('a piped stream is missing');
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#handled.push(line.split(' ')[0] ?? ''));
  }

  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill(signal);
    await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('SIGKILL');
  }
}

async function makeUser(organization: string): Promise<void> {
  const desired = desiredTopology({
    virtualHost: host.name,
    entryExchange,
    queueType: 'classic',
    channels: new Map([[channel, { organizations: new Set([...users, organization]) }]]),
    passwords: new Map([...users, organization].map((name) => [name, 'password'])),
  });
  const { failed, problems } = await reconcile({ managementUrl: host.managementUrl, desired, pruneNonempty: false, dryRun: false });
  expect([...failed, ...problems]).toEqual([]);
  users.push(organization);
}

async function publish(ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    const event = { id, event_kind: 'EVENT_ASSET_CREATED', asset_key: randomUUID() };
    publisher.publish(entryExchange, channel, Buffer.from(JSON.stringify(event)), { messageId: id, persistent: true });
  }
  await publisher.waitForConfirms();
}

/** Repeats, a kill and a lost connection: every event is handled once, in order, and nothing stays in the queue. */
async function proveConsumer(command: readonly string[]): Promise<void> {
  const organization = `Org-${randomUUID().slice(0, 8)}`;
  await makeUser(organization);
  const ids = Array.from({ length: 30 }, () => randomUUID());
  const handled: string[] = [];
  const options = { organization, handled };
  await using first = new Consumer(command, options);
  await publish([...ids.slice(0, 10), ...ids.slice(5, 10)]);
  await expect.poll(() => handled, patient).toEqual(ids.slice(0, 10));
  // A kill between the effect and the id would bring the last one again, as it may.
  await expect.poll(() => readFile(join(folder, organization), 'utf8'), patient).toContain(ids[9]);
  await first.end('SIGKILL');
  await publish(ids.slice(8, 20));
  await using second = new Consumer(command, options);
  await expect.poll(() => handled, patient).toEqual(ids.slice(0, 20));
  await cutConnectionsOf(organization);
  await publish(ids.slice(18));
  await expect.poll(() => handled, patient).toEqual(ids);
  await expect.poll(() => messagesIn(organization), patient).toBe(0);
  await second.end('SIGTERM');
  await publish([ids[0] ?? '']);
  expect((await publisher.checkQueue(organization)).messageCount).toBe(1);
  expect(handled).toEqual(ids);
}

async function messagesIn(queue: string): Promise<unknown> {
  return ((await manage('GET', apiPath('queues', host.name, queue))) as { readonly messages?: number }).messages;
}

async function cutConnectionsOf(user: string): Promise<void> {
  const ofUser = async () => {
    const all = (await manage('GET', 'connections')) as readonly { readonly name: string; readonly user?: string }[];
    return all.filter((one) => one.user === user);
  };
  await expect.poll(ofUser, patient).not.toEqual([]);
  for (const { name } of await ofUser()) await manage('DELETE', apiPath('connections', name));
}

it('the consumer in TypeScript handles every event once', { timeout: 90_000 }, async () => {
  await proveConsumer([process.execPath, join(examples, 'typescript/consumer.ts')]);
});

it('the consumer in Python handles every event once', { timeout: 180_000 }, async () => {
  const hasPython = await execute('python3', ['--version']).then(
    () => true,
    () => false,
  );
  if (!hasPython) {
    process.stderr.write('\n*** There is no python3 on this machine: examples/consumers/python was NOT tried. ***\n\n');
    return;
  }
  const venv = join(folder, 'venv');
  await execute('python3', ['-m', 'venv', venv]);
  await execute(join(venv, 'bin/pip'), ['install', '--quiet', '-r', join(examples, 'python/requirements.txt')]);
  await proveConsumer([join(venv, 'bin/python'), join(examples, 'python/consumer.py')]);
});

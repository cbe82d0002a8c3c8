import { randomUUID } from 'node:crypto';
import { callManagement, createTestVirtualHost } from '@orchestrator/tools';
import type { TestVirtualHost } from '@orchestrator/tools';
import { connect } from 'amqplib';
import type { ChannelModel, ConfirmChannel } from 'amqplib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiPath } from './management-api.ts';
import { reconcile } from './reconcile.ts';
import type { ReconcileReport } from './reconcile.ts';
import { desiredTopology, MARK, userTag } from './topology.ts';
import type { QueueType } from './topology.ts';

const ENTRY = 'orchestration';
/** Users are the whole broker's. */
const run = randomUUID().slice(0, 8);
const A = `A-${run}`;
const B = `B+(${run})`;
const C = `C ${run}`;

let host: TestVirtualHost;
let admin: ChannelModel;
let publisher: ConfirmChannel;

beforeAll(async () => {
  host = await createTestVirtualHost();
  admin = await connect(host.amqpUrl);
  publisher = await admin.createConfirmChannel();
});

afterAll(async () => {
  await pass({}, { pruneNonempty: true });
  await admin.close();
  await host[Symbol.asyncDispose]();
});

type Channels = Readonly<Record<string, readonly string[]>>;

interface PassOptions {
  readonly queueType?: QueueType;
  readonly passwords?: ReadonlyMap<string, string>;
  readonly pruneNonempty?: boolean;
  readonly dryRun?: boolean;
}

function pass(channels: Channels, options: PassOptions = {}): Promise<ReconcileReport> {
  const { queueType = 'classic', pruneNonempty = false, dryRun = false } = options;
  const table = new Map(Object.entries(channels).map(([name, members]) => [name, { organizations: new Set(members) }]));
  const { passwords = new Map([A, B, C].map((name) => [name, passwordOf(name)])) } = options;
  const desired = desiredTopology({ virtualHost: host.name, entryExchange: ENTRY, queueType, channels: table, passwords });
  return reconcile({ managementUrl: host.managementUrl, desired, pruneNonempty, dryRun });
}

function passwordOf(name: string): string {
  return `secret of ${name}`;
}

function manage(method: string, path: string, body?: unknown): Promise<unknown> {
  return callManagement({ managementUrl: host.managementUrl, method, path, body });
}

function urlOf(name: string, password = passwordOf(name)): string {
  const url = new URL(host.amqpUrl);
  url.username = encodeURIComponent(name);
  url.password = encodeURIComponent(password);
  return url.href;
}

async function publish(channel: string, text: string): Promise<void> {
  publisher.publish(ENTRY, channel, Buffer.from(text), { persistent: true });
  await publisher.waitForConfirms();
}

/** All that is in the queue, taken out. */
async function drain(queue: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (;;) {
    const message = await publisher.get(queue, { noAck: true });
    if (message === false) return found;
    found.push(message.content.toString());
  }
}

/** Why a connection of the user cannot do something: what the broker answers. */
async function refusal(name: string, attempt: (channel: ConfirmChannel) => Promise<unknown>): Promise<string> {
  const connection = await connect(urlOf(name));
  connection.on('error', () => undefined);
  const channel = await connection.createConfirmChannel();
  try {
    const closed = new Promise<never>((_, reject) => void channel.once('error', reject));
    await Promise.race([attempt(channel), closed]);
    return 'nothing: it was allowed';
  } catch (error) {
    return String(error);
  } finally {
    await connection.close().catch(() => undefined);
  }
}

const settled: ReconcileReport = { done: [], failed: [], problems: [], notes: [] };

describe('a pass', () => {
  it('makes everything, says what, and finds nothing to do the next time', async () => {
    const channels = { one: [A, B], two: [B] };
    const plan = await pass(channels, { dryRun: true });
    expect(plan.done).toHaveLength(3 + 2 + 3 + 2 + 4);
    expect(await pass(channels, { dryRun: true })).toEqual(plan);
    const report = await pass(channels);
    expect(report).toEqual(plan);
    expect(JSON.stringify(report)).not.toContain('secret');
    expect(await pass(channels)).toEqual(settled);
  });

  it('brings each event to the organizations of its channel and to no other', async () => {
    await publish('one', 'first');
    await publish('two', 'second');
    expect(await drain(A)).toEqual(['first']);
    expect(await drain(B)).toEqual(['first', 'second']);
  });

  it('follows a new channel, a new organization and the end of a membership; old events come to nobody new', async () => {
    await pass({ one: [A, B], two: [B, C], three: [A] });
    expect(await drain(C)).toEqual([]);
    await publish('two', 'to both');
    await publish('three', 'to A');
    expect(await drain(C)).toEqual(['to both']);
    await pass({ one: [A], two: [B, C], three: [A] });
    await publish('one', 'not to B');
    expect(await drain(A)).toEqual(['to A', 'not to B']);
    expect(await drain(B)).toEqual(['to both']);
  });

  it('removes an organization and ends its connections, but keeps what it has not read', async () => {
    const connection = await connect(urlOf(C));
    connection.on('error', () => undefined);
    const closed = new Promise((resolve) => void connection.once('close', resolve));
    await publish('two', 'unread');
    await expect.poll(() => manage('GET', apiPath('queues', host.name, C)), { timeout: 15_000 }).toMatchObject({ messages: 1 });
    const report = await pass({ one: [A], two: [B] });
    expect(report.done).toContain(`remove the user ${JSON.stringify(C)}`);
    expect(report.notes).toEqual([expect.stringContaining('--prune-nonempty')]);
    await closed;
    await expect(connect(urlOf(C))).rejects.toThrow('403');
    expect(await pass({ one: [A], two: [B] })).toEqual({ ...settled, notes: report.notes });
    const pruned = await pass({ one: [A], two: [B] }, { pruneNonempty: true });
    expect(pruned.done).toEqual([`remove the queue ${JSON.stringify(C)} (with 1 messages)`]);
    expect(await pass({ one: [A], two: [B] })).toEqual(settled);
  });

  it('removes an empty queue without being told to', async () => {
    await pass({ one: [A], two: [B], four: [C] });
    await expect.poll(() => manage('GET', apiPath('queues', host.name, C)), { timeout: 15_000 }).toMatchObject({ messages: 0 });
    const report = await pass({ one: [A], two: [B] });
    expect(report.failed).toEqual([]);
    expect(report.done).toContain(`remove the queue ${JSON.stringify(C)} (empty)`);
    expect(report.done).toContain('remove the exchange "four"');
    expect(await pass({ one: [A], two: [B] })).toEqual(settled);
  });
});

describe('the user of an organization', () => {
  beforeAll(async () => {
    await pass({ one: [A], two: [B] });
    await Promise.all([drain(A), drain(B)]);
  });

  it('reads its own queue', async () => {
    const connection = await connect(urlOf(A));
    const channel = await connection.createChannel();
    await publish('one', 'mine');
    const { promise, resolve } = Promise.withResolvers<string>();
    await channel.consume(A, (message) => {
      if (message === null) return;
      channel.ack(message);
      resolve(message.content.toString());
    });
    expect(await promise).toBe('mine');
    // Closing the connection alone would overtake the acknowledgement.
    await channel.close();
    await connection.close();
  });

  it.each<[string, (channel: ConfirmChannel) => Promise<unknown>]>([
    ["get from another's queue", (channel) => channel.get(B)],
    ["consume another's queue", (channel) => channel.consume(B, () => undefined)],
    ["purge another's queue", (channel) => channel.purgeQueue(B)],
    ['declare a queue', (channel) => channel.assertQueue(`${A}-2`)],
    ['declare a queue without a name', (channel) => channel.assertQueue('')],
    ['declare an exchange', (channel) => channel.assertExchange('mine', 'fanout')],
    ["bind its queue to another channel's exchange", (channel) => channel.bindQueue(A, 'two', '')],
    ['bind its queue to the entry exchange', (channel) => channel.bindQueue(A, ENTRY, '#')],
    ['unbind its queue', (channel) => channel.unbindQueue(A, 'one', '')],
    ['bind an exchange', (channel) => channel.bindExchange('one', 'two', '')],
    ['delete its queue', (channel) => channel.deleteQueue(A)],
    ['delete an exchange', (channel) => channel.deleteExchange('one')],
    ['publish to the entry exchange', (channel) => published(channel, ENTRY)],
    ["publish to its channel's exchange", (channel) => published(channel, 'one')],
    ["publish to another's queue", (channel) => published(channel, '')],
  ])('may not %s', async (_, attempt) => {
    expect(await refusal(A, attempt)).toContain('ACCESS-REFUSED');
  });

  it('learns of a name that it guesses whether it is there and how much waits: the broker has no permission for that', async () => {
    await publish('two', 'not for A');
    const connection = await connect(urlOf(A));
    const channel = await connection.createChannel();
    expect(await channel.checkQueue(B)).toEqual({ queue: B, messageCount: 1, consumerCount: 0 });
    await channel.close();
    await connection.close();
    expect(await drain(B)).toEqual(['not for A']);
  });

  it('sees nothing through the management API, and no other virtual host', async () => {
    const url = new URL(host.managementUrl);
    url.username = encodeURIComponent(A);
    url.password = encodeURIComponent(passwordOf(A));
    for (const path of ['queues', 'users', 'whoami', apiPath('queues', host.name, A), 'definitions', 'connections']) {
      await expect(callManagement({ managementUrl: url.href, method: 'GET', path })).rejects.toThrow('401');
    }
    const elsewhere = new URL(urlOf(A));
    elsewhere.pathname = '/%2F';
    await expect(connect(elsewhere.href)).rejects.toThrow(/ConnectionClose|NOT_ALLOWED/);
  });
});

async function published(channel: ConfirmChannel, exchange: string): Promise<void> {
  channel.publish(exchange, B, Buffer.from('forged'));
  await channel.waitForConfirms();
}

describe('drift', () => {
  const channels = { one: [A], two: [A, B] };
  const queue = (name: string) => apiPath('queues', host.name, name);

  beforeAll(async () => {
    await pass(channels);
    await Promise.all([drain(A), drain(B)]);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['a deleted exchange', () => manage('DELETE', apiPath('exchanges', host.name, 'two'))],
    ['a deleted entry exchange', () => manage('DELETE', apiPath('exchanges', host.name, ENTRY))],
    ['a deleted queue', () => manage('DELETE', queue(B))],
    ['a deleted user', () => manage('DELETE', apiPath('users', B))],
    ['wider permissions', () => manage('PUT', apiPath('permissions', host.name, A), { configure: '.*', write: '.*', read: '.*' })],
    ['permissions elsewhere', () => manage('PUT', apiPath('permissions', '/', A), { configure: '', write: '', read: '.*' })],
    [
      'another password',
      () => manage('PUT', apiPath('users', A), { password: 'x', tags: userTag({ virtualHost: host.name, entryExchange: ENTRY }) }),
    ],
    [
      'further tags',
      () =>
        manage('PUT', apiPath('users', A), {
          password: passwordOf(A),
          tags: `administrator,${userTag({ virtualHost: host.name, entryExchange: ENTRY })}`,
        }),
    ],
    [
      'a binding with our mark too many',
      () =>
        manage('POST', apiPath('bindings', host.name, 'e', 'one', 'q', B), { routing_key: '', arguments: { [MARK]: ENTRY } }),
    ],
  ])('repairs %s', async (_, damage) => {
    await damage();
    const report = await pass(channels);
    expect(report.failed).toEqual([]);
    expect(report.done).not.toEqual([]);
    expect(await pass(channels)).toEqual(settled);
    await publish('one', 'to A');
    await publish('two', 'to both');
    expect(await drain(A)).toEqual(['to A', 'to both']);
    expect(await drain(B)).toEqual(['to both']);
    await (await connect(urlOf(A))).close();
    expect(await refusal(A, (channel) => channel.get(B))).toContain('ACCESS-REFUSED');
  });

  it('leaves alone what others made', async () => {
    await manage('PUT', queue('theirs'), { durable: true });
    await manage('PUT', apiPath('exchanges', host.name, 'theirs'), { type: 'fanout', durable: true });
    await manage('POST', apiPath('bindings', host.name, 'e', 'one', 'q', 'theirs'), { routing_key: '' });
    const report = await pass(channels);
    expect(report.done).toEqual([]);
    expect(report.notes).toEqual([expect.stringContaining('somebody else bound the queue "theirs"')]);
    expect(await manage('GET', queue('theirs'))).toMatchObject({ name: 'theirs' });
    const without = await pass({ two: [A, B] });
    expect(without.failed).toEqual([]);
    expect(without.notes).toEqual([expect.stringContaining('the exchange "one" is no longer wanted, and stays')]);
    await manage('DELETE', queue('theirs'));
    await manage('DELETE', apiPath('exchanges', host.name, 'theirs'));
    await pass(channels);
  });

  it("does not take over another's user, even with its name", async () => {
    const name = `D-${run}`;
    await manage('PUT', apiPath('users', name), { password: 'theirs', tags: 'monitoring' });
    const report = await pass({ ...channels, three: [name] }, { passwords: new Map([[name, 'ours']]) });
    expect(report.problems).toContainEqual(expect.stringContaining(`the user "${name}" is there already`));
    expect(await manage('GET', apiPath('users', name))).toMatchObject({ tags: ['monitoring'] });
    await pass(channels, { pruneNonempty: true });
    expect(await manage('GET', apiPath('users', name))).toMatchObject({ tags: ['monitoring'] });
    await manage('DELETE', apiPath('users', name));
  });

  it('reports a queue of another type and never makes it again', async () => {
    await publish('one', 'kept');
    const report = await pass(channels, { queueType: 'quorum' });
    expect(report.done).toEqual([]);
    expect(report.problems).toContainEqual(expect.stringMatching(/the queue ".*" is of type classic, and .* says quorum/));
    expect(await drain(A)).toEqual(['kept']);
  });

  it('makes quorum queues when told to', async () => {
    const report = await pass({ ...channels, three: [C] }, { queueType: 'quorum' });
    expect(report.failed).toEqual([]);
    expect(await manage('GET', queue(C))).toMatchObject({ type: 'quorum' });
    await publish('three', 'replicated');
    expect(await drain(C)).toEqual(['replicated']);
    await pass(channels, { pruneNonempty: true });
    await expect(manage('GET', queue(C))).rejects.toThrow('404');
  });

  it('reports an exchange of another type, and goes on with the rest', async () => {
    await manage('PUT', apiPath('exchanges', host.name, 'six'), { type: 'direct', durable: true });
    const report = await pass({ ...channels, six: [A], seven: [B] });
    expect(report.problems).toEqual([expect.stringContaining('the exchange "six" is of type direct')]);
    await publish('seven', 'goes on');
    expect(await drain(B)).toEqual(['goes on']);
    await manage('DELETE', apiPath('exchanges', host.name, 'six'));
    await pass(channels);
  });

  it('gives no user to an organization without a password, and says so', async () => {
    const report = await pass({ ...channels, eight: [C] });
    expect(report.problems).toEqual([]);
    await pass(channels, { pruneNonempty: true });
    const without = await pass({ ...channels, eight: [C] }, { passwords: new Map() });
    expect(without.problems).toContainEqual(expect.stringContaining(`organization "${C}" has no password`));
    expect(without.done).toContain(`make the classic queue "${C}"`);
    await expect(manage('GET', apiPath('users', C))).rejects.toThrow('404');
  });
});

describe('bad input', () => {
  it.each([
    ['#', 'the word "#"'],
    ['a.*.b', 'the word "*"'],
    ['amq.fanout', 'begins with "amq."'],
    [ENTRY, 'is the name of the exchange that all events go to'],
    ['..', "cannot stand in the management API's URLs"],
  ])('a channel %j is named, and the others go on', async (name, message) => {
    const report = await pass({ nine: [A], [name]: [B] }, { dryRun: true });
    expect(report.problems).toContainEqual(expect.stringContaining(message));
    expect(report.done).toContain(`bind the queue "${A}" to the exchange "nine"`);
    expect(report.done).not.toContain(`make the fanout exchange ${JSON.stringify(name)}`);
  });

  it('names the setting when the management API cannot be reached, refuses, or lacks the virtual host', async () => {
    const desired = desiredTopology({
      virtualHost: 'missing',
      entryExchange: ENTRY,
      queueType: 'classic',
      channels: new Map(),
      passwords: new Map(),
    });
    const attempt = (managementUrl: string) => reconcile({ managementUrl, desired, pruneNonempty: false, dryRun: false });
    await expect(attempt('http://u:hidden@127.0.0.1:1')).rejects.toThrow(/cannot be reached.*ORCHESTRATOR_RABBITMQ_MANAGEMENT_URL/);
    await expect(attempt('http://u:hidden@127.0.0.1:1')).rejects.not.toThrow('hidden');
    await expect(attempt(host.managementUrl)).rejects.toThrow('no virtual host "missing"');
    const wrong = new URL(host.managementUrl);
    wrong.password = 'wrong';
    await expect(attempt(wrong.href)).rejects.toThrow(/refuses the user .* \(401\)/);
  });
});

import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readEnvironment } from './environment.ts';
import { buildReconcilerConfig } from './reconciler-config.ts';
import { virtualHostOf } from './virtual-host.ts';

it('tells all that is missing at once, and nothing of other variables', () => {
  const build = () => buildReconcilerConfig(readEnvironment({ ORCHESTRATOR_GROUP_SIZE: 'x' }));
  expect(build).toThrow('has 2 problems');
  expect(build).toThrow('ORCHESTRATOR_RABBITMQ_MANAGEMENT_URL is missing');
  expect(build).toThrow('ORCHESTRATOR_CHANNEL_CONFIG is missing');
});

it('reads what it needs', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'orchestrator-reconciler-config-'));
  const channels = join(folder, 'channels.yaml');
  await writeFile(channels, '');
  const config = buildReconcilerConfig(
    readEnvironment({
      ORCHESTRATOR_AMQP_DSN: 'amqp://u:p@broker/my%2Fhost',
      ORCHESTRATOR_RABBITMQ_MANAGEMENT_URL: 'http://u:p@broker:15672',
      ORCHESTRATOR_CHANNEL_CONFIG: channels,
      ORCHESTRATOR_BROKER_QUEUE_TYPE: 'quorum',
      ORCHESTRATOR_BROKER_PASSWORDS: '{"__proto__": "p", "A": "q"}',
      ORCHESTRATOR_BROKER_PASSWORDS_DIR: folder,
    }),
  );
  expect(config).toMatchObject({
    virtualHost: 'my/host',
    entryExchange: 'orchestration',
    queueType: 'quorum',
    passwordsDir: folder,
    intervalMs: 30_000,
  });
  expect([...config.passwords]).toEqual([
    ['__proto__', 'p'],
    ['A', 'q'],
  ]);
});

it.each(['{', '[]', 'null', '"text"', '{"A": 1}', '{"A": ""}'])('%s are no passwords, and is not shown', (text) => {
  const { problems } = readEnvironment({ ORCHESTRATOR_BROKER_PASSWORDS: text });
  expect([...problems.values()]).toEqual([expect.stringMatching(/^ORCHESTRATOR_BROKER_PASSWORDS is "\*\*\*": it should be a JSON object/)]);
});

it('wants a user in the address of the management API', () => {
  const environment = readEnvironment({ ORCHESTRATOR_RABBITMQ_MANAGEMENT_URL: 'http://broker:15672' });
  expect(() => buildReconcilerConfig(environment)).toThrow('ORCHESTRATOR_RABBITMQ_MANAGEMENT_URL has no user or no password');
});

it.each([
  [undefined, '/'],
  ['amqp://b', '/'],
  ['amqp://b/', '/'],
  ['amqp://b/%2F', '/'],
  ['amqp://b/x', 'x'],
])('%s leads to the virtual host %s', (url, name) => {
  expect(virtualHostOf(url)).toBe(name);
});

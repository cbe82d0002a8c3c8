import { startDevLedger } from '@orchestrator/dev-ledger';
import { createTestDatabase, createTestVirtualHost, deployOrchestrator, ServerProcess, TestRabbitMq } from '@orchestrator/tools';
import { root } from '../paths.ts';
import { runOk } from '../run.ts';
import { waitFor } from '../wait.ts';
import type { Desk } from './desk.ts';
import { registerFirst } from './first-event.ts';
import { isServing, type Scene } from './scene.ts';

const PUBLISH_TIMEOUT_MS = 60_000;
const passwords = { ORCHESTRATOR_BROKER_PASSWORDS: JSON.stringify({ MyOrg1MSP: 'password', MyOrg2MSP: 'password' }) };
const channels = { ORCHESTRATOR_CHANNEL_CONFIG: 'examples/compose/channels.yaml' };

/** Pages about the broker: RabbitMQ is needed. */
export const brokerScenes: readonly Scene[] = [
  { name: 'events on RabbitMQ, by the first page, and the reconciler', play: reconcile },
  { name: 'the users of the broker and their permissions, in both modes', play: users },
];

async function reconcile(desk: Desk): Promise<void> {
  await using broker = await TestRabbitMq.start();
  await using host = await createTestVirtualHost(broker);
  await using database = await createTestDatabase();
  const replace = { 'http://ADMIN:PASSWORD@HOST:15672': host.managementUrl, 'amqp://PUBLISHER:PASSWORD@HOST:5672/VHOST': host.amqpUrl };
  const store = { ORCHESTRATOR_DATABASE_URL: database.url, ORCHESTRATOR_MIGRATE: 'true', ...channels };
  const server = await desk.start({ page: 'README.md', begins: 'export ORCHESTRATOR_RABBITMQ', replace, env: { ...passwords, ...store }, until: isServing });
  await registerFirst(server.addresses.grpc);
  await expectMessages(broker, host.name, 1);
  const env = { ORCHESTRATOR_RABBITMQ_MANAGEMENT_URL: host.managementUrl, ORCHESTRATOR_AMQP_DSN: host.amqpUrl, ORCHESTRATOR_BROKER_RECONCILE_INTERVAL: '1s', ...channels, ...passwords };
  await desk.start({ page: 'docs/broker.md', begins: 'orchestrator broker reconcile', env, until: /Nothing to change\.[\s\S]*Nothing to change\./ });
  // The third command watches: what somebody takes away comes back.
  await broker.ctl('delete_queue', '--vhost', host.name, 'MyOrg2MSP');
  await expectMessages(broker, host.name, 0);
}

/** The very permissions of the page, and without those for distributed mode a facade publishes nothing. */
async function users(desk: Desk): Promise<void> {
  const page = 'docs/operations/broker.md';
  await using broker = await TestRabbitMq.start();
  const { file, env: itsEnvironment } = broker.ctlCommand;
  const variables = Object.entries(itsEnvironment).map(([name, value]) => `${name}='${value}'`);
  await desk.provide('rabbitmqctl', `#!/bin/sh\nexec env ${variables.join(' ')} ${file} "$@"\n`);
  await desk.run({ page, begins: 'rabbitmqctl add_vhost', replace: { PASSWORD: 'password' } });
  const { host } = new URL(broker.amqpUrl);
  const settings = { ORCHESTRATOR_AMQP_DSN: `amqp://publisher:password@${host}/orchestrator` };
  const management = { ORCHESTRATOR_RABBITMQ_MANAGEMENT_URL: broker.managementUrl.replace('admin:admin', 'reconciler:password') };
  await runOk({ command: 'sh', args: ['apps/orchestrator/bin/orchestrator', 'broker', 'reconcile'], cwd: root, env: { ...settings, ...management, ...channels, ...passwords } });
  await standalone(broker, settings);
  await using ledger = await startDevLedger();
  await using deployment = await deployOrchestrator(ledger);
  const facade = { ...deployment.environment, ...settings };
  {
    await using refused = await ServerProcess.start(facade);
    await waitFor(() => Promise.resolve(refused.everything.includes('the broker refuses the lock queue') ? true : undefined), { what: 'the facade says what it may not', timeoutMs: PUBLISH_TIMEOUT_MS });
  }
  await desk.run({ page, begins: 'rabbitmqctl set_permissions' });
  await using server = await ServerProcess.start(facade);
  await registerFirst(server.grpcAddress);
  await expectMessages(broker, 'orchestrator', 2);
}

async function standalone(broker: TestRabbitMq, settings: Readonly<Record<string, string>>): Promise<void> {
  await using database = await createTestDatabase();
  const store = { ORCHESTRATOR_DATABASE_URL: database.url, ORCHESTRATOR_MIGRATE: 'true', ORCHESTRATOR_CHANNEL_CONFIG: `${root}/${channels.ORCHESTRATOR_CHANNEL_CONFIG}` };
  await using server = await ServerProcess.start({ ...settings, ...store });
  await registerFirst(server.grpcAddress);
  await expectMessages(broker, 'orchestrator', 1);
}

async function expectMessages(broker: TestRabbitMq, host: string, count: number): Promise<void> {
  await waitFor(async () => {
    const said = await broker.ctl('list_queues', '--vhost', host, 'name', 'messages');
    const [, messages = ''] = /^MyOrg2MSP\s+(\d+)$/m.exec(said) ?? [];
    if (messages !== String(count)) throw new Error(said);
    return true;
  }, { what: `${count} events in the queue of MyOrg2MSP`, timeoutMs: PUBLISH_TIMEOUT_MS });
}

import { createTestVirtualHost, ServerProcess, startTestPostgres, TestRabbitMq } from '@orchestrator/tools';
import { root } from '../paths.ts';
import { runOk } from '../run.ts';
import type { Desk } from './desk.ts';
import { registerFirst } from './first-event.ts';
import { expectIn, type Scene } from './scene.ts';

const INSTALL_TIMEOUT_MS = 600_000;
const passwords = { ORCHESTRATOR_BROKER_PASSWORDS: JSON.stringify({ MyOrg1MSP: 'password', MyOrg2MSP: 'password' }) };

/** Commands that want packages of registries. */
export const machineScenes: readonly Scene[] = [
  { name: 'the consumers of the broker, installed by their README', play: consumers },
];

async function consumers(desk: Desk): Promise<void> {
  await using broker = await TestRabbitMq.start();
  await using host = await createTestVirtualHost(broker);
  const settings = { ORCHESTRATOR_AMQP_DSN: host.amqpUrl, ORCHESTRATOR_RABBITMQ_MANAGEMENT_URL: host.managementUrl, ORCHESTRATOR_CHANNEL_CONFIG: `${root}/examples/compose/channels.yaml` };
  await runOk({ command: 'sh', args: ['apps/orchestrator/bin/orchestrator', 'broker', 'reconcile'], cwd: root, env: { ...settings, ...passwords } });
  await using postgres = await startTestPostgres();
  await using server = await ServerProcess.start({ ...settings, ORCHESTRATOR_DATABASE_URL: postgres.adminUrl, ORCHESTRATOR_MIGRATE: 'true' });
  await registerFirst(server.grpcAddress);
  // They are written for a Node that runs TypeScript, as the one of this process does.
  await desk.provide('node', `#!/bin/sh\nexec ${process.execPath} "$@"\n`);
  const { host: address, pathname } = new URL(host.amqpUrl);
  const turn = { page: 'examples/consumers/README.md', cwd: 'examples/consumers', until: /asset_created/i, timeoutMs: INSTALL_TIMEOUT_MS };
  await using typescript = await desk.start({ ...turn, begins: 'cd typescript', replace: { '127.0.0.1:5672/': `${address}${pathname}` } });
  expectIn(typescript.output, 'MyOrg2MSP');
  await using python = await desk.start({ ...turn, begins: 'cd python', replace: { '127.0.0.1:5672/%2F': `${address}${pathname}`, MyOrg1MSP: 'MyOrg2MSP' } });
  expectIn(python.output, 'MyOrg2MSP');
}

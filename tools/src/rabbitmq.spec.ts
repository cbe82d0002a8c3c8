import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { TestRabbitMq } from './rabbitmq.ts';
import { callManagement, createTestVirtualHost } from './test-virtual-host.ts';

function isListening(url: string): Promise<boolean> {
  const { port } = new URL(url);
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port: Number(port), timeout: 2000 });
    const answer = (open: boolean) => () => {
      socket.destroy();
      resolve(open);
    };
    socket.on('connect', answer(true)).on('error', answer(false)).on('timeout', answer(false));
  });
}

it('keeps what is durable through a stop and a kill, and gives commands', { timeout: 120_000 }, async () => {
  await using broker = await TestRabbitMq.start();
  const { amqpUrl, managementUrl } = broker;
  await using host = await createTestVirtualHost(broker);
  const queue = `queues/${host.name}/kept`;
  await callManagement({ managementUrl, method: 'PUT', path: queue, body: { durable: true } });
  await broker.stop();
  expect(await isListening(amqpUrl)).toBe(false);
  await broker.start();
  await broker.kill();
  await broker.start();
  expect(broker.amqpUrl).toBe(amqpUrl);
  expect(await callManagement({ managementUrl, method: 'GET', path: queue })).toMatchObject({ name: 'kept', durable: true });
  expect(await broker.ctl('list_queues', '-p', host.name, 'name')).toContain('kept');
});

it('ends with a killed test run', { timeout: 60_000 }, async () => {
  const program = `
    const { TestRabbitMq } = await import('@orchestrator/tools');
    console.log((await TestRabbitMq.start()).amqpUrl);
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--conditions=@orchestrator/source', '--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
  expect(await isListening(line.trim())).toBe(true);
  child.kill('SIGKILL');
  for (let tries = 0; tries < 100 && (await isListening(line.trim())); tries += 1) await delay(100);
  expect(await isListening(line.trim())).toBe(false);
});

import { expect, test } from 'vitest';
import { readEnvironment } from './environment.ts';
import { renderConfigInForce } from './report.ts';
import { settingEntries } from './settings.ts';

test('every variable has a line with its value and where that comes from', () => {
  const lines = renderConfigInForce(
    readEnvironment({ ORCHESTRATOR_GROUP_SIZE: '3', ORCHESTRATOR_QUEUE_LIMIT: 'x' }),
  ).split('\n');
  for (const [, { name }] of settingEntries)
    expect(lines.filter((line) => line.startsWith(`${name}=`))).toHaveLength(1);
  expect(lines).toContain('ORCHESTRATOR_GROUP_SIZE=3  (environment)');
  expect(lines).toContain('ORCHESTRATOR_TX_RETRY_BUDGET=500ms  (default)');
  expect(lines).toContain('ORCHESTRATOR_QUEUE_LIMIT=10000  (default, since the environment has a bad value)');
  expect(lines).toContain('ORCHESTRATOR_DATABASE_URL=  (default: the embedded store)');
});

test('defaults that hang on the store are told as they are in force', () => {
  const embedded = renderConfigInForce(readEnvironment({}));
  expect(embedded).toContain('ORCHESTRATOR_GRPC_ADDRESS=127.0.0.1:9000  (default)');
  expect(embedded).toContain('ORCHESTRATOR_MIGRATE=true  (default)');
  expect(renderConfigInForce(readEnvironment({ ORCHESTRATOR_DATABASE_URL: 'postgres://db/x' }))).toContain(
    'ORCHESTRATOR_GRPC_ADDRESS=0.0.0.0:9000  (default)',
  );
});

test('secrets are masked', () => {
  const text = renderConfigInForce(
    readEnvironment({
      ORCHESTRATOR_DATABASE_URL: 'postgres://u:hidden@db/x',
      ORCHESTRATOR_AMQP_DSN: 'amqp://u:hidden@b',
      ORCHESTRATOR_RABBITMQ_MANAGEMENT_URL: 'https://u:hidden@b',
    }),
  );
  expect(text).toContain('ORCHESTRATOR_DATABASE_URL=postgres://u:***@db/x  (environment)');
  expect(text).not.toContain('hidden');
});

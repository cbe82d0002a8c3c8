import { expect, test } from 'vitest';
import { readEnvironment } from './environment.ts';
import { settingEntries } from './settings.ts';
import type { SettingKey } from './settings.ts';

test('an empty environment has the defaults', () => {
  const { values, given, problems, unknown } = readEnvironment({});
  expect(problems.size + given.size + unknown.length).toBe(0);
  expect(values).toMatchObject({
    mode: 'standalone',
    dataDir: './data',
    retryBudgetMs: 500,
    migrate: false,
    grpcMaxReceiveBytes: 33_554_432,
    grpcMaxSendBytes: 33_554_432,
    replayEventsBatchSize: 100,
    keepaliveMinTimeMs: 10_000,
    keepalivePermitWithoutStream: true,
    amqpExchange: 'orchestration',
    fabricGatewayTimeoutMs: 20_000,
    logLevel: 'INFO',
    logSqlVerbose: false,
    metricsEnabled: false,
    maxPageBytes: 4_193_280,
    idempotencyRetentionMs: 86_400_000,
    shutdownTimeoutMs: 15_000,
    databasePoolSize: 16,
    lockTimeoutMs: 10_000,
    statementTimeoutMs: 30_000,
    queueLimit: 10_000,
    queueTimeoutMs: 30_000,
    groupSize: 16,
    eventBufferBytes: 8_388_608,
    eventPollIntervalMs: 2000,
    maxSubscribers: 10_000,
    tlsEnabled: false,
    mtlsEnabled: false,
    verifyClientMspId: false,
  });
  expect(values.databaseUrl).toBeUndefined();
  expect(values.channelConfig).toBeUndefined();
});

test('every default is a value of its kind, and every variable has a default or says what happens without', () => {
  for (const [, setting] of settingEntries) {
    if (setting.default === undefined) expect(setting.otherwise, setting.name).toBeDefined();
    else expect(setting.kind.parse(setting.default), setting.name).toBeDefined();
  }
  expect(new Set(settingEntries.map(([, { name }]) => name)).size).toBe(settingEntries.length);
});

const readable: readonly (readonly [string, string, SettingKey, unknown])[] = [
  ['ORCHESTRATOR_MODE', 'Standalone', 'mode', 'standalone'],
  ['LOG_LEVEL', 'debug', 'logLevel', 'DEBUG'],
  ['LOG_LEVEL', 'Fatal', 'logLevel', 'FATAL'],
  ['LOG_LEVEL', 'trace', 'logLevel', 'TRACE'],
  ['NO_COLOR', '0', 'noColor', true],
  ['ORCHESTRATOR_GRPC_ADDRESS', '[::1]:0', 'grpcAddress', { host: '::1', port: 0 }],
  ['ORCHESTRATOR_TX_RETRY_BUDGET', '1.5s', 'retryBudgetMs', 1500],
  ['ORCHESTRATOR_QUEUE_LIMIT', '1', 'queueLimit', 1],
  ['ORCHESTRATOR_QUEUE_LIMIT', '1000000', 'queueLimit', 1_000_000],
  ...['1', 't', 'T', 'TRUE', 'true', 'True'].map((text) => ['METRICS_ENABLED', text, 'metricsEnabled', true] as const),
  ...['0', 'f', 'F', 'FALSE', 'false', 'False'].map(
    (text) =>
      [
        'ORCHESTRATOR_GRPC_KEEPALIVE_POLICY_PERMIT_WITHOUT_STREAM',
        text,
        'keepalivePermitWithoutStream',
        false,
      ] as const,
  ),
];

test.each(readable)('%s=%s', (name, text, key, value) => {
  const environment = readEnvironment({ [name]: text });
  expect(environment.values[key]).toEqual(value);
  expect([...environment.given]).toEqual([key]);
});

test.each([
  ['ORCHESTRATOR_MODE', 'single'],
  ['LOG_LEVEL', 'verbose'],
  ['METRICS_ENABLED', 'yes'],
  ['METRICS_ENABLED', 'tRUE'],
  ['ORCHESTRATOR_QUEUE_LIMIT', '0'],
  ['ORCHESTRATOR_QUEUE_LIMIT', '1000001'],
  ['ORCHESTRATOR_QUEUE_LIMIT', '1e3'],
  ['ORCHESTRATOR_QUEUE_LIMIT', '-1'],
  ['ORCHESTRATOR_QUEUE_LIMIT', '1.5'],
  ['ORCHESTRATOR_QUEUE_LIMIT', ' 1'],
  ['ORCHESTRATOR_TX_RETRY_BUDGET', '500'],
  ['ORCHESTRATOR_TX_RETRY_BUDGET', '-1s'],
  ['ORCHESTRATOR_TX_RETRY_BUDGET', '2m'],
  ['ORCHESTRATOR_GRPC_ADDRESS', 'localhost'],
  ['ORCHESTRATOR_DATABASE_URL', 'mysql://db/x'],
  ['ORCHESTRATOR_DATABASE_URL', 'host=db'],
  ['ORCHESTRATOR_DATABASE_URL', ''],
  ['ORCHESTRATOR_AMQP_EXCHANGE', 'é'],
])('%s=%j is a problem that names the variable and what it should be', (name, text) => {
  const { problems, values } = readEnvironment({ [name]: text });
  expect([...problems.values()]).toEqual([
    expect.stringMatching(new RegExp(`^${name} is .*: it should be .`)) as unknown,
  ]);
  expect(values).toEqual(readEnvironment({}).values);
});

test('a problem shows the value, but for passwords', () => {
  const { problems } = readEnvironment({
    ORCHESTRATOR_DATABASE_URL: 'mysql://u:hidden@db/x',
    ORCHESTRATOR_GROUP_SIZE: 'many',
  });
  const text = [...problems.values()].join('\n');
  expect(text).toContain('"many"');
  expect(text).not.toContain('hidden');
});

test('an empty variable counts as unset', () => {
  const environment = readEnvironment({ ORCHESTRATOR_CHANNEL_CONFIG: '', ORCHESTRATOR_GROUP_SIZE: '', NO_COLOR: '' });
  expect(environment).toEqual(readEnvironment({}));
});

test('variables that begin like ours and mean nothing are told, those of Kubernetes are not', () => {
  const { unknown } = readEnvironment({
    ORCHESTRATOR_TYPO: '1',
    ORCHESTRATOR_GRPC_PORT: '9000',
    ORCHESTRATOR_SERVICE_HOST: '10.0.0.1',
    ORCHESTRATOR_SERVER_SERVICE_PORT_GRPC: '9000',
    ORCHESTRATOR_PORT: 'tcp://10.0.0.1:9000',
    ORCHESTRATOR_PORT_9000_TCP_ADDR: '10.0.0.1',
    ORCHESTRATOR_TEST_POSTGRES_URL: 'postgres://x',
    PATH: '/bin',
  });
  expect(unknown).toEqual(['ORCHESTRATOR_GRPC_PORT', 'ORCHESTRATOR_TYPO']);
});

import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildConfig, databaseToMigrate } from './build-config.ts';
import { ConfigError } from './config-error.ts';
import type { StandaloneConfig } from './config.ts';
import { readEnvironment } from './environment.ts';
import type { Variables } from './environment.ts';

let folder = '';
const at = (name: string): string => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'orchestrator-config-'));
  writeFileSync(at('channels.yaml'), 'channels: {c1: [O1]}');
  writeFileSync(at('broken.yaml'), 'channels: {c1: [O1, O1], c2: []}');
  writeFileSync(at('tls.crt'), '');
  writeFileSync(at('tls.key'), '');
  mkdirSync(at('cas'));
});

afterAll(() => rmSync(folder, { recursive: true }));

function problemsOf(variables: Variables): readonly string[] {
  try {
    buildConfig(readEnvironment(variables));
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

function standalone(variables: Variables): StandaloneConfig {
  const config = buildConfig(readEnvironment(variables));
  if (config.mode !== 'standalone') throw new Error('not in standalone mode');
  return config;
}

describe('stores', () => {
  test('without a database the server is for this machine: embedded store, loopback, development channels', () => {
    const config = standalone({});
    expect(config.store).toEqual({ kind: 'embedded', dataDir: resolve('data') });
    expect(config.grpc.address).toEqual({ host: '127.0.0.1', port: 9000 });
    expect(config.http.address).toEqual({ host: '127.0.0.1', port: 8484 });
    expect(config.database.migrate).toBe(true);
    expect([...config.channels.initial]).toEqual(
      ['mychannel', 'yourchannel'].map((name) => [name, { organizations: new Set(['MyOrg1MSP', 'MyOrg2MSP']) }]),
    );
    expect(config.channels.path).toBeUndefined();
    expect(config.warnings).toEqual([]);
  });

  test('with a database it is for a network, and migrates only when told', () => {
    const variables = {
      ORCHESTRATOR_DATABASE_URL: 'postgres://db/x',
      ORCHESTRATOR_CHANNEL_CONFIG: at('channels.yaml'),
    };
    const config = standalone(variables);
    expect(config.store).toEqual({ kind: 'external', url: 'postgres://db/x' });
    expect(config.grpc.address).toEqual({ host: '0.0.0.0', port: 9000 });
    expect(config.http.address).toEqual({ host: '0.0.0.0', port: 8484 });
    expect(config.database.migrate).toBe(false);
    expect(config.channels).toEqual({
      path: at('channels.yaml'),
      initial: new Map([['c1', { organizations: new Set(['O1']) }]]),
    });
    expect(standalone({ ...variables, ORCHESTRATOR_MIGRATE: 'true' }).database.migrate).toBe(true);
  });

  test('given addresses win', () => {
    const config = buildConfig(
      readEnvironment({ ORCHESTRATOR_GRPC_ADDRESS: ':1', ORCHESTRATOR_HTTP_ADDRESS: '[::1]:0' }),
    );
    expect(config.grpc.address).toEqual({ host: '0.0.0.0', port: 1 });
    expect(config.http.address).toEqual({ host: '::1', port: 0 });
  });

  test('a database without a channel configuration is a problem, an unreadable database URL too', () => {
    expect(problemsOf({ ORCHESTRATOR_DATABASE_URL: 'postgres://db/x' })).toEqual([
      expect.stringMatching(/^ORCHESTRATOR_CHANNEL_CONFIG is missing/),
    ]);
    expect(problemsOf({ ORCHESTRATOR_DATABASE_URL: '' })).toHaveLength(2);
  });

  test('only the database counts for a migration', () => {
    const bad = { ORCHESTRATOR_GROUP_SIZE: 'x', ORCHESTRATOR_MODE: 'distributed' };
    expect(databaseToMigrate(readEnvironment({ ...bad, ORCHESTRATOR_DATABASE_URL: 'postgres://db/x' }))).toBe(
      'postgres://db/x',
    );
    expect(() => databaseToMigrate(readEnvironment(bad))).toThrow(/ORCHESTRATOR_DATABASE_URL is missing/);
    expect(() => databaseToMigrate(readEnvironment({ ORCHESTRATOR_DATABASE_URL: 'db' }))).toThrow(
      /ORCHESTRATOR_DATABASE_URL is .*begins with/,
    );
  });
});

describe('the broker', () => {
  test('is none unless it is said', () => {
    expect(buildConfig(readEnvironment({ ORCHESTRATOR_AMQP_EXCHANGE: 'other' })).broker).toBeUndefined();
  });

  test('is the one of the DSN', () => {
    const { broker } = buildConfig(readEnvironment({ ORCHESTRATOR_AMQP_DSN: 'amqp://u:p@b/v' }));
    expect(broker).toEqual({ dsn: 'amqp://u:p@b/v', exchange: 'orchestration' });
  });

  test('has no password that is shown', () => {
    expect(problemsOf({ ORCHESTRATOR_AMQP_DSN: 'http://u:hidden@b' }).join()).not.toContain('hidden');
  });
});

test('variables without effect are warned of', () => {
  const variables = { ORCHESTRATOR_MSPID: 'O1', ORCHESTRATOR_TYPO: '1', ORCHESTRATOR_GROUP_SIZE: '2' };
  expect(buildConfig(readEnvironment(variables)).warnings).toEqual([
    'ORCHESTRATOR_TYPO is no variable of this server and has no effect',
    'ORCHESTRATOR_MSPID has no effect in standalone mode',
  ]);
});

describe('channels', () => {
  test('every problem of the file is told, with its path', () => {
    const problems = problemsOf({ ORCHESTRATOR_CHANNEL_CONFIG: at('broken.yaml') });
    expect(problems).toHaveLength(2);
    for (const problem of problems)
      expect(problem).toContain(`ORCHESTRATOR_CHANNEL_CONFIG, ${at('broken.yaml')}: channel`);
  });

  test.each(['nothing.yaml', 'cas'])('%s is no file', (name) => {
    expect(problemsOf({ ORCHESTRATOR_CHANNEL_CONFIG: at(name) })).toEqual([
      expect.stringMatching(/should be a file that can be read/),
    ]);
  });
});

describe('TLS', () => {
  const tls = (): Variables => ({
    ORCHESTRATOR_TLS_ENABLED: 'true',
    ORCHESTRATOR_TLS_CERT_PATH: at('tls.crt'),
    ORCHESTRATOR_TLS_KEY_PATH: at('tls.key'),
  });
  const mtls = (): Variables => ({
    ...tls(),
    ORCHESTRATOR_MTLS_ENABLED: 'true',
    ORCHESTRATOR_TLS_CLIENT_CA_CERT_DIR: at('cas'),
  });

  test('a complete configuration', () => {
    const config = buildConfig(
      readEnvironment({
        ...mtls(),
        ORCHESTRATOR_VERIFY_CLIENT_MSP_ID: 'true',
        ORCHESTRATOR_TLS_SERVER_CA_CERT: at('tls.crt'),
      }),
    );
    expect(config.tls).toEqual({
      enabled: true,
      certPath: at('tls.crt'),
      keyPath: at('tls.key'),
      mtls: true,
      serverCaCert: at('tls.crt'),
      clientCaCertDir: at('cas'),
      verifyClientMspId: true,
    });
    expect(config.warnings).toEqual([]);
  });

  test('mutual TLS without verification is warned of', () => {
    expect(buildConfig(readEnvironment(mtls())).warnings).toEqual([
      expect.stringMatching(/ORCHESTRATOR_MTLS_ENABLED without ORCHESTRATOR_VERIFY_CLIENT_MSP_ID/),
    ]);
  });

  test.each<readonly [string, () => Variables, readonly RegExp[]]>([
    [
      'verification without mutual TLS',
      () => ({ ...tls(), ORCHESTRATOR_VERIFY_CLIENT_MSP_ID: 'true' }),
      [/^ORCHESTRATOR_VERIFY_CLIENT_MSP_ID is true: ORCHESTRATOR_MTLS_ENABLED/],
    ],
    [
      'mutual TLS without TLS',
      () => ({ ORCHESTRATOR_MTLS_ENABLED: 'true', ORCHESTRATOR_VERIFY_CLIENT_MSP_ID: 'true' }),
      [/^ORCHESTRATOR_MTLS_ENABLED is true: ORCHESTRATOR_TLS_ENABLED/],
    ],
    [
      'TLS without files',
      () => ({ ORCHESTRATOR_TLS_ENABLED: 'true' }),
      [/^ORCHESTRATOR_TLS_CERT_PATH is missing/, /^ORCHESTRATOR_TLS_KEY_PATH is missing/],
    ],
    [
      'a file that is not there',
      () => ({ ...tls(), ORCHESTRATOR_TLS_KEY_PATH: at('nothing') }),
      [/^ORCHESTRATOR_TLS_KEY_PATH is ".*nothing": it should be a file that can be read \(ENOENT/],
    ],
    [
      'a server CA that is not there',
      () => ({ ...tls(), ORCHESTRATOR_TLS_SERVER_CA_CERT: at('nothing') }),
      [/^ORCHESTRATOR_TLS_SERVER_CA_CERT is /],
    ],
    [
      'mutual TLS without client CAs',
      () => ({ ...mtls(), ORCHESTRATOR_TLS_CLIENT_CA_CERT_DIR: '' }),
      [/^ORCHESTRATOR_TLS_CLIENT_CA_CERT_DIR is missing/],
    ],
    [
      'client CAs in a file',
      () => ({ ...mtls(), ORCHESTRATOR_TLS_CLIENT_CA_CERT_DIR: at('tls.crt') }),
      [/it should be a folder that can be read/],
    ],
  ])('%s', (_case, variables, expected) => {
    expect(problemsOf(variables())).toEqual(expected.map((pattern) => expect.stringMatching(pattern) as unknown));
  });
});

test('a page must fit into a message', () => {
  expect(problemsOf({ ORCHESTRATOR_GRPC_MAX_SEND_BYTES: '4096' })).toEqual([
    expect.stringMatching(/^ORCHESTRATOR_MAX_PAGE_BYTES is 4193280/),
  ]);
});

test('a lock timeout without effect is warned of', () => {
  expect(buildConfig(readEnvironment({ ORCHESTRATOR_LOCK_TIMEOUT: '31s' })).warnings).toHaveLength(1);
});

test('one message lists all problems', () => {
  const variables = {
    ORCHESTRATOR_MODE: 'distributed',
    ORCHESTRATOR_GROUP_SIZE: '0',
    ORCHESTRATOR_TLS_ENABLED: 'true',
  };
  expect(problemsOf(variables)).toHaveLength(5);
  expect(() => buildConfig(readEnvironment(variables))).toThrow(
    /5 problems:\n- ORCHESTRATOR_GROUP_SIZE.*\n- ORCHESTRATOR_TLS_CERT_PATH.*\n- /,
  );
});

test('the configuration is frozen through and through', () => {
  const config = standalone({});
  for (const part of [config, config.grpc, config.grpc.address, config.store, config.warnings])
    expect(Object.isFrozen(part)).toBe(true);
});

test('the log settings become what the log takes', () => {
  expect(buildConfig(readEnvironment({ LOG_LEVEL: 'WARN', NO_COLOR: '1' })).logging).toEqual({
    level: 'warn',
    color: false,
  });
  expect(buildConfig(readEnvironment({})).logging).toEqual({ level: 'info', color: true });
});

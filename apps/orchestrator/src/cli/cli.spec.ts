import { expect, test } from 'vitest';
import type { Config } from '../config/config.ts';
import { readEnvironment } from '../config/environment.ts';
import type { Variables } from '../config/environment.ts';
import { runCli } from './cli.ts';
import type { Commands } from './cli.ts';
import { readVersion } from './version.ts';

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly calls: readonly string[];
  readonly configs: readonly Config[];
}

async function run(
  args: readonly string[],
  { variables = {}, commands = {} }: { readonly variables?: Variables; readonly commands?: Partial<Commands> } = {},
): Promise<Outcome> {
  const calls: string[] = [];
  const configs: Config[] = [];
  let [out, err] = ['', ''];
  const code = await runCli(args, {
    environment: readEnvironment(variables),
    isTerminal: false,
    print: (text) => void (out += text),
    printError: (text) => void (err += text),
    commands: {
      serve: (config) => {
        configs.push(config);
        return Promise.resolve();
      },
      migrate: (url) => {
        calls.push(`migrate ${url}`);
        return Promise.resolve(['0001_initial.sql']);
      },
      newMigration: (name) => {
        calls.push(`new ${name}`);
        return Promise.resolve('/migrations/0002_x.sql');
      },
      broker: {
        reconcile: ({ config, ...flags }) => {
          calls.push(`reconcile ${config.managementUrl} ${JSON.stringify(flags)}`);
          return Promise.resolve({ ok: flags.dryRun, out: 'done\n', err: '' });
        },
        watch: ({ config, pruneNonempty }) => {
          calls.push(`watch ${config.managementUrl} ${pruneNonempty}`);
          return Promise.resolve();
        },
        status: (command) => {
          calls.push(`status ${JSON.stringify(command)}`);
          return Promise.resolve({ ok: command.channelsPath === undefined, out: 'table\n', err: '' });
        },
      },
      ...commands,
    },
  });
  return { code, out, err, calls, configs };
}

test.each([[[]], [['--help']], [['-h']]])('%j shows help with every group of settings', async (args) => {
  const { code, out, err } = await run(args);
  expect([code, err]).toEqual([0, '']);
  for (const text of ['serve', 'migrate', 'config', 'probe', 'General:', 'Store:', 'TLS:', 'ORCHESTRATOR_GRPC_ADDRESS'])
    expect(out).toContain(text);
});

test("--version prints the package's version", async () => {
  expect(await run(['--version'])).toMatchObject({ code: 0, out: `${readVersion()}\n` });
  expect(readVersion()).toMatch(/^\d+\.\d+\.\d+/);
});

test.each([
  [['fly']],
  [['serve', 'now']],
  [['--fly']],
  [['probe', '--timeout', 'soon']],
  [['probe', '--timeout', '0s']],
  [['probe', '--grpc', '--http']],
  [['migrate', 'new']],
])('%j is a usage error', async (args) => {
  const { code, out, err, calls, configs } = await run(args);
  expect([code, out, calls, configs]).toEqual([2, '', [], []]);
  expect(err).toMatch(/^error: .+/);
});

test('serve gets the configuration', async () => {
  const { code, configs } = await run(['serve'], {
    variables: { ORCHESTRATOR_GRPC_ADDRESS: '127.0.0.1:0', LOG_LEVEL: 'fatal' },
  });
  expect(code).toBe(0);
  expect(configs.map((config) => config.grpc.address)).toEqual([{ host: '127.0.0.1', port: 0 }]);
});

test('a bad configuration is one message and exit code 2', async () => {
  const { code, out, err, configs } = await run(['serve'], {
    variables: { ORCHESTRATOR_GROUP_SIZE: 'x', ORCHESTRATOR_MODE: 'y' },
  });
  expect([code, out, configs]).toEqual([2, '', []]);
  expect(err).toMatch(
    /^The configuration has 2 problems:\n- ORCHESTRATOR_MODE is .*\n- ORCHESTRATOR_GROUP_SIZE is .*\n$/,
  );
});

test('another failure of the start is one sentence and exit code 1', async () => {
  const serve = (): Promise<void> =>
    Promise.reject(new Error('the database cannot be reached', { cause: new Error('ECONNREFUSED') }));
  expect(await run(['serve'], { commands: { serve }, variables: { LOG_LEVEL: 'fatal' } })).toMatchObject({
    code: 1,
    out: '',
    err: 'orchestrator serve failed: the database cannot be reached: ECONNREFUSED\n',
  });
});

test('migrate migrates the external database only', async () => {
  const variables = { ORCHESTRATOR_DATABASE_URL: 'postgres://db/x' };
  expect(await run(['migrate'], { variables })).toMatchObject({
    code: 0,
    out: 'Migrated: 0001_initial.sql\n',
    calls: ['migrate postgres://db/x'],
  });
  expect(await run(['migrate'], { variables, commands: { migrate: () => Promise.resolve([]) } })).toMatchObject({
    code: 0,
    out: 'The schema is up to date.\n',
  });
  expect(await run(['migrate'])).toMatchObject({ code: 2, calls: [] });
});

test('migrate new makes a file and needs no database', async () => {
  expect(await run(['migrate', 'new', 'add priority'])).toMatchObject({
    code: 0,
    out: '/migrations/0002_x.sql\n',
    calls: ['new add priority'],
  });
});

test('config prints what is in force, and the problems with it', async () => {
  const good = await run(['config'], { variables: { ORCHESTRATOR_TYPO: '1' } });
  expect(good).toMatchObject({
    code: 0,
    err: 'Warning: ORCHESTRATOR_TYPO is no variable of this server and has no effect\n',
  });
  expect(good.out).toContain('ORCHESTRATOR_GROUP_SIZE=16  (default)');
  const bad = await run(['config'], { variables: { ORCHESTRATOR_GROUP_SIZE: 'x' } });
  expect(bad.code).toBe(2);
  expect(bad.out).toContain('ORCHESTRATOR_QUEUE_LIMIT=10000');
  expect(bad.err).toContain('ORCHESTRATOR_GROUP_SIZE is "x"');
});

test('broker reconcile hands on its flags and tells of what is left to put right', async () => {
  const variables = {
    ORCHESTRATOR_RABBITMQ_MANAGEMENT_URL: 'http://u:p@b',
    ORCHESTRATOR_CHANNEL_CONFIG: import.meta.filename,
  };
  expect(await run(['broker', 'reconcile', '--dry-run'], { variables })).toMatchObject({
    code: 0,
    out: 'done\n',
    calls: ['reconcile http://u:p@b {"pruneNonempty":false,"dryRun":true}'],
  });
  expect(await run(['broker', 'reconcile', '--prune-nonempty'], { variables })).toMatchObject({
    code: 1,
    calls: ['reconcile http://u:p@b {"pruneNonempty":true,"dryRun":false}'],
  });
  expect(await run(['broker', 'reconcile', '--watch'], { variables })).toMatchObject({ code: 0, calls: ['watch http://u:p@b false'] });
  expect(await run(['broker', 'reconcile', '--watch', '--dry-run'], { variables })).toMatchObject({ code: 2, calls: [] });
  expect(await run(['broker', 'reconcile'])).toMatchObject({ code: 2, calls: [] });
});

test('broker status asks the database, and the broker when it is told where', async () => {
  expect(await run(['broker', 'status'])).toMatchObject({ code: 2, calls: [] });
  const variables = { ORCHESTRATOR_DATABASE_URL: 'postgres://db/x', ORCHESTRATOR_AMQP_DSN: 'amqp://u:p@b/v' };
  expect(await run(['broker', 'status'], { variables })).toMatchObject({
    code: 0,
    out: 'table\n',
    calls: ['status {"databaseUrl":"postgres://db/x","amqpDsn":"amqp://u:p@b/v","exchange":"orchestration","virtualHost":"v"}'],
  });
  const distributed = { ORCHESTRATOR_MODE: 'distributed', ORCHESTRATOR_EVENT_INDEX_FILE: '/data/index.json' };
  expect(await run(['broker', 'status'], { variables: distributed })).toMatchObject({
    code: 0,
    calls: ['status {"eventIndexFile":"/data/index.json","exchange":"orchestration","virtualHost":"/"}'],
  });
  const broken = { ...variables, ORCHESTRATOR_CHANNEL_CONFIG: '/missing' };
  expect(await run(['broker', 'status'], { variables: broken })).toMatchObject({ code: 1, out: 'table\n' });
});

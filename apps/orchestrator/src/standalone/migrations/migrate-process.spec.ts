// `orchestrator migrate` as a process: killed, twice at once, and beside a server that starts.
import { join } from 'node:path';
import { createTestDatabase, nextBuild, type Build, ServerProcess, startMigration, TcpProxy, thisBuild } from '@orchestrator/tools';
import type { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { refusalOf, within } from '../../spec-waiting.ts';
import { migrate } from './migrate.ts';
import { Breakpoint, connect, contentOf } from './spec-support.ts';

const TIMEOUT_MS = 120_000;
const CATCH_LIMIT_MS = 60_000;
const channelConfig = join(import.meta.dirname, '../../../../../examples/compose/channels.yaml');

const common = new AsyncDisposableStack();
let current: Build;
/** Has a migration that stops in the middle. */
let stopping: Build;
let undisturbed: readonly string[];

let stack: AsyncDisposableStack;
let url: string;
let client: Client;

beforeAll(async () => {
  current = await thisBuild();
  const sql = `CREATE TABLE early (id integer); ${Breakpoint.statement}; CREATE TABLE late (id integer)`;
  stopping = common.use(await nextBuild({ version: '9.1.0', sql, serves: current.schemaVersion }));
  await using database = await createTestDatabase();
  await migrate(database.url);
  const session = await connect(database.url);
  undisturbed = await contentOf(session);
  await session.end();
}, TIMEOUT_MS);

afterAll(() => common.disposeAsync());

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  ({ url } = stack.use(await createTestDatabase()));
  client = await connect(url);
  stack.defer(() => client.end());
});

afterEach(() => stack.disposeAsync());

describe('killed with SIGKILL', { timeout: TIMEOUT_MS }, () => {
  it.each([
    { direction: 'up', containing: 'BEGIN' },
    { direction: 'up', containing: '-- serves' },
    { direction: 'down', containing: 'CREATE INDEX' },
    { direction: 'up', containing: 'INSERT INTO schema_migrations' },
    { direction: 'up', containing: 'COMMIT' },
    { direction: 'down', containing: 'COMMIT' },
  ] as const)('when "$containing" is on its way $direction, and the next try does what is left', async (hold) => {
    const proxy = stack.use(await TcpProxy.start(url));
    const caught = within(proxy.hold(hold), CATCH_LIMIT_MS, hold.containing);
    const killed = startMigration(proxy.url);
    await caught;
    killed.kill('SIGKILL');
    expect(await killed.ended).toMatchObject({ signal: 'SIGKILL' });
    expect(await startMigration(url).ended).toMatchObject({ code: 0 });
    expect(await contentOf(client)).toEqual(undisturbed);
  });

  it('between two statements, whose transaction then ends with its connection', async () => {
    const breakpoint = await Breakpoint.set(client);
    const killed = startMigration(url, { build: stopping });
    await breakpoint.reached();
    killed.kill('SIGKILL');
    await killed.ended;
    expect(await contentOf(client)).toEqual(undisturbed);
    // The next one waits for the backend that has not noticed yet.
    const again = startMigration(url, { build: stopping });
    await breakpoint.release();
    expect(await again.ended).toMatchObject({ code: 0, output: expect.stringContaining('of_the_next_build') });
    expect((await contentOf(client)).filter((line) => line.startsWith('relation r'))).toEqual(
      expect.arrayContaining(['relation r early', 'relation r late']),
    );
  });
});

it('twice at once: each migration is applied by one of them, and both succeed', { timeout: TIMEOUT_MS }, async () => {
  const ends = await Promise.all([startMigration(url).ended, startMigration(url).ended]);
  expect(ends.map(({ code }) => code)).toEqual([0, 0]);
  const output = ends.map(({ output }) => output).join('');
  expect(output.match(/0001_initial\.sql/gu)).toHaveLength(1);
  expect(await contentOf(client)).toEqual(undisturbed);
});

describe('while it is under way', { timeout: TIMEOUT_MS }, () => {
  it('a server that needs it refuses to start, and one that is to migrate waits and serves', async () => {
    const breakpoint = await Breakpoint.set(client);
    const migration = startMigration(url, { build: stopping });
    await breakpoint.reached();
    const environment = { ORCHESTRATOR_DATABASE_URL: url, ORCHESTRATOR_CHANNEL_CONFIG: channelConfig };
    const refusal = String(await refusalOf(ServerProcess.start(environment, { build: stopping })));
    expect(refusal).toContain(`has version ${current.schemaVersion} and this server needs ${stopping.schemaVersion}`);
    const waiting = ServerProcess.start({ ...environment, ORCHESTRATOR_MIGRATE: 'true' }, { build: stopping });
    await breakpoint.release();
    stack.use(await waiting);
    expect(await migration.ended).toMatchObject({ code: 0 });
  });

  it('on a database that was empty, a server says that there is no schema yet', async () => {
    const proxy = stack.use(await TcpProxy.start(url));
    const caught = within(proxy.hold({ direction: 'up', containing: 'COMMIT' }), CATCH_LIMIT_MS, 'COMMIT');
    const migration = startMigration(proxy.url);
    await caught;
    const environment = { ORCHESTRATOR_DATABASE_URL: url, ORCHESTRATOR_CHANNEL_CONFIG: channelConfig };
    const refusal = String(await refusalOf(ServerProcess.start(environment)));
    expect(refusal).toContain('the database has no schema yet: run "orchestrator migrate" on it');
    proxy.release();
    expect(await migration.ended).toMatchObject({ code: 0 });
  });
});

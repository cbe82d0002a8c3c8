import { join } from 'node:path';
import { nextBuild, runMigration, ServerProcess, startTestPostgres, thisBuild } from '@orchestrator/tools';
import type { Check } from '../check.ts';
import { root } from '../paths.ts';
import { runOk } from '../run.ts';

const SUITE_TIMEOUT_MS = 300_000;

/** A rolling update with two builds: this one, and one that has a migration more. What each refuses, the server's own tests say. */
export function upgradeChecks(): readonly Check[] {
  return [{ name: 'upgrade: two builds side by side on one database pass the end-to-end scenarios', run: rollingUpdate }];
}

async function rollingUpdate(): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const url = stack.use(await startTestPostgres()).adminUrl;
  const env = { ORCHESTRATOR_DATABASE_URL: url, ORCHESTRATOR_CHANNEL_CONFIG: join(root, 'examples/compose/channels.yaml') };
  const { schemaVersion } = await thisBuild();
  const build = stack.use(await nextBuild({ version: '9.1.0', sql: 'CREATE TABLE next_build (id integer PRIMARY KEY);', serves: schemaVersion }));
  await runMigration(url);
  const old = stack.use(await ServerProcess.start(env));
  await runMigration(url, { build });
  const next = stack.use(await ServerProcess.start(env, { build }));
  // Both at once, in the same channels: none may see what the other does as an error.
  await Promise.all([suite(old, 'failure report'), suite(next, 'task registration')]);
  await suite(old, 'functions');
  await old[Symbol.asyncDispose]();
  await suite(next, 'stream');
}

/** End-to-end scenarios against one of the servers. */
async function suite({ grpcAddress }: ServerProcess, filter: string): Promise<void> {
  const args = ['--conditions=@orchestrator/source', 'e2e/src/main.ts', '--server-addr', grpcAddress, '--short', '--filter', filter];
  await runOk({ command: process.execPath, args, cwd: root, timeoutMs: SUITE_TIMEOUT_MS });
}

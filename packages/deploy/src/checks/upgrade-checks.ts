import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startTestPostgres } from '@orchestrator/tools';
import type { Check } from '../check.ts';
import { root } from '../paths.ts';
import { BackgroundProcess, freePorts } from '../process.ts';
import { run, runOk } from '../run.ts';
import { waitFor } from '../wait.ts';

const START_TIMEOUT_MS = 60_000;
const SUITE_TIMEOUT_MS = 300_000;
const thisBuild = join(root, 'apps/orchestrator');
const migrations = 'src/standalone/migrations';

/** A rolling update with two builds: this one, and one that has a migration more. */
export function upgradeChecks(): readonly Check[] {
  return [{ name: 'upgrade: two builds side by side on one database, then a contraction that the old one refuses', run: rollingUpdate }];
}

async function rollingUpdate(): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const postgres = stack.use(await startTestPostgres());
  const env = { ORCHESTRATOR_DATABASE_URL: postgres.adminUrl, ORCHESTRATOR_CHANNEL_CONFIG: join(root, 'examples/compose/channels.yaml') };
  const newest = await newestMigration();
  const nextBuild = await copyBuild(stack, `-- serves: ${newest}\nCREATE TABLE next_build (id integer PRIMARY KEY);\n`, newest + 1);
  await orchestrator(thisBuild, 'migrate', env);
  const old = stack.use(await Server.start(thisBuild, env));
  await orchestrator(nextBuild, 'migrate', env);
  const next = stack.use(await Server.start(nextBuild, env));
  // Both at once, in the same channels: none may see what the other does as an error.
  await Promise.all([suite(old, 'failure report'), suite(next, 'task registration')]);
  await suite(old, 'functions');
  await old[Symbol.asyncDispose]();
  await suite(next, 'stream');
  const contracted = await copyBuild(stack, `-- serves: ${newest + 1}\nDROP TABLE next_build;\n`, newest + 2, nextBuild);
  await orchestrator(contracted, 'migrate', env);
  const { code, stdout, stderr } = await run({ command: launcherOf(thisBuild), args: ['serve'], env });
  if (code !== 1 || !`${stdout}${stderr}`.includes('use a newer server')) throw new Error(`the old build should refuse the contracted schema, and ended with ${code}:\n${stdout}${stderr}`);
}

async function newestMigration(): Promise<number> {
  const files = await readdir(join(thisBuild, migrations));
  return Math.max(...files.filter((file) => file.endsWith('.sql')).map((file) => Number.parseInt(file, 10)));
}

/** A copy of a build with a migration more. It lies below the repository's root, so that it finds the packages. */
async function copyBuild(stack: AsyncDisposableStack, sql: string, version: number, from = thisBuild): Promise<string> {
  await mkdir(join(root, 'tmp'), { recursive: true });
  const folder = await mkdtemp(join(root, 'tmp/next-build-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const target = join(folder, 'apps/orchestrator');
  await cp(from, target, { recursive: true, verbatimSymlinks: true, filter: (path) => path !== join(from, 'dist') });
  await cp(join(from, '../launch.sh'), join(target, '../launch.sh'));
  await writeFile(join(target, migrations, `${String(version).padStart(4, '0')}_of_the_check.sql`), sql);
  return target;
}

function launcherOf(build: string): string {
  return join(build, 'bin/orchestrator');
}

async function orchestrator(build: string, command: string, env: Readonly<Record<string, string>>): Promise<void> {
  await runOk({ command: launcherOf(build), args: [command], env });
}

/** A server of a build. */
class Server implements AsyncDisposable {
  readonly address: string;
  readonly #process: BackgroundProcess;

  private constructor(address: string, process: BackgroundProcess) {
    this.address = address;
    this.#process = process;
  }

  static async start(build: string, env: Readonly<Record<string, string>>): Promise<Server> {
    const [grpc = 0, http = 0] = await freePorts(2);
    const addresses = { ORCHESTRATOR_GRPC_ADDRESS: `127.0.0.1:${grpc}`, ORCHESTRATOR_HTTP_ADDRESS: `127.0.0.1:${http}` };
    const started = new BackgroundProcess({ command: launcherOf(build), args: ['serve'], env: { ...env, ...addresses } });
    try {
      await waitFor(async () => {
        started.assertRunning();
        return (await fetch(`http://127.0.0.1:${http}/readyz`)).ok ? true : undefined;
      }, { what: 'the server is ready', timeoutMs: START_TIMEOUT_MS });
    } catch (error) {
      await started[Symbol.asyncDispose]();
      throw new Error(`${String(error)}\n${started.output}`, { cause: error });
    }
    return new Server(`127.0.0.1:${grpc}`, started);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#process[Symbol.asyncDispose]();
  }
}

/** End-to-end scenarios against one of the servers. */
async function suite({ address }: Server, filter: string): Promise<void> {
  const args = ['--conditions=@orchestrator/source', 'e2e/src/main.ts', '--server-addr', address, '--short', '--filter', filter];
  await runOk({ command: process.execPath, args, cwd: root, timeoutMs: SUITE_TIMEOUT_MS });
}

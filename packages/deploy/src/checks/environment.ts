import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServerProcess, startTestPostgres } from '@orchestrator/tools';
import { containersOf, parseManifests, podSpecOf, profiles, render } from '../chart.ts';
import type { Container, Manifest, PodSpec } from '../chart.ts';
import type { Check } from '../check.ts';
import { root } from '../paths.ts';
import { environmentOf, makePair, writeVolumes } from '../pod-files.ts';
import { run, runOk } from '../run.ts';
import { MissingTool } from '../tools.ts';

const launcher = join(root, 'apps/orchestrator/bin/orchestrator');

/** What `env -i` leaves out and the launcher needs. */
const base = { PATH: process.env['PATH'] ?? '' };

/** Gives each container's environment, with its files, to the server's own parser. @returns a sentence for each fault */
export async function environmentProblems(manifests: readonly Manifest[]): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const manifest of manifests) {
    const spec = podSpecOf(manifest);
    if (spec === undefined) continue;
    for (const container of containersOf(spec)) {
      const said = await parse(spec, container, manifests);
      problems.push(...said.map((line) => `${manifest.kind} ${manifest.metadata.name}, ${container.name}: ${line}`));
    }
  }
  return problems;
}

async function parse(spec: PodSpec, container: Container, manifests: readonly Manifest[]): Promise<readonly string[]> {
  return withFiles(spec, container, async (folder) => {
    const env = environmentOf(container, { folder, manifests });
    // A part of the settings is enough for the small commands; the parser wants the others that hang on them.
    const { code, stderr } = await run({ command: 'env', args: ['-i', ...Object.entries({ ...base, ...completed(env, container) }).map(([name, value]) => `${name}=${value}`), 'sh', launcher, 'config'] });
    if (stderr.includes('distributed mode is not part of this version')) throw new MissingTool('this server has no distributed mode to ask');
    const lines = stderr.split('\n').filter((line) => line !== '');
    return code === 0 ? lines.filter((line) => /is no variable|has no effect/.test(line)) : lines;
  }, manifests);
}

/** `migrate` and the test know the database or the address alone. */
function completed(env: Readonly<Record<string, string>>, { args = [] }: Container): Readonly<Record<string, string>> {
  return args[0] === 'migrate' ? { ...env, ORCHESTRATOR_CHANNEL_CONFIG: join(root, 'packages/deploy/channels.yaml') } : env;
}

async function withFiles<T>(spec: PodSpec, container: Container, work: (folder: string) => Promise<T>, manifests: readonly Manifest[]): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'orchestrator-pod-'));
  try {
    await makePair(folder);
    await writeVolumes(spec, container, { folder, manifests });
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A rendered environment starts the real server, on a real PostgreSQL that the rendered migration prepares. */
export const startCheck: Check = {
  name: 'chart: the rendered migration, server and helm test run on a real PostgreSQL, with mutual TLS',
  async run() {
    const profile = profiles().find(({ name }) => name === 'standalone-full');
    if (profile === undefined) throw new Error('the profile standalone-full is missing');
    const manifests = parseManifests(await render(profile, '--set', 'broker.enabled=false'));
    const [spec, test] = ['Deployment', 'Pod'].map((kind) => manifests.filter((manifest) => manifest.kind === kind).map(podSpecOf)[0]);
    const [migrate, server] = [spec?.initContainers?.[0], spec?.containers[0]];
    if (spec === undefined || test === undefined || migrate === undefined || server === undefined) throw new Error('a Deployment with a migration and a test are needed');
    await using postgres = await startTestPostgres();
    await withFiles(spec, server, async (folder) => {
      const start = (container: Container, changes: Readonly<Record<string, string>>): Promise<string> =>
        runOk({ command: 'sh', args: [launcher, ...(container.args ?? [])], env: { ...environmentOf(container, { folder, manifests }), ...changes } });
      await start(migrate, { ORCHESTRATOR_DATABASE_URL: postgres.adminUrl });
      const anyPort = { ORCHESTRATOR_GRPC_ADDRESS: '127.0.0.1:0', ORCHESTRATOR_HTTP_ADDRESS: '127.0.0.1:0' };
      const environment = environmentOf(server, { folder, manifests });
      await using running = await ServerProcess.start({ ...environment, ...anyPort, ORCHESTRATOR_DATABASE_URL: postgres.adminUrl });
      // Where the Service would lead.
      const addresses = { ORCHESTRATOR_GRPC_ADDRESS: running.grpcAddress, ORCHESTRATOR_HTTP_ADDRESS: running.httpAddress };
      for (const container of test.containers) await start(container, addresses);
    }, manifests);
  },
};

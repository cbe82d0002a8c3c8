import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startDevLedger } from '@orchestrator/dev-ledger';
import { findPorts } from '@orchestrator/tools';
import { type Started, startContainer } from '../container.ts';
import { type Containers, restricted } from '../containers.ts';
import { root } from '../paths.ts';
import { runOk } from '../run.ts';
import { waitFor } from '../wait.ts';

const START_TIMEOUT_MS = 60_000;
const SUITE_TIMEOUT_MS = 300_000;
const LABEL = 'mycc_1';

const names = [
  { channel: 'mychannel', name: 'mycc' },
  { channel: 'yourchannel', name: 'yourcc' },
];

/** Both images of distributed mode on the development ledger: a chaincode for each organization, and a facade. */
export async function runDistributed(containers: Containers, images: { readonly server: string; readonly chaincode: string }): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'orchestrator-ledger-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const network = stack.use(await startDevLedger({ folder }));
  const mspids = network.organizations.map(({ mspid }) => mspid);
  const [grpc = 0, http = 0, ...ports] = await findPorts(2 + mspids.length);
  const addresses = Object.fromEntries(mspids.map((mspid, index) => [mspid, `127.0.0.1:${ports[index]}`]));
  await network.deploy({ packages: [{ label: LABEL, addresses }], chaincodes: names.map(({ channel, name }) => ({ channel, name, package: LABEL, policy: 'AND' })) });
  const chaincodes = await Promise.all(mspids.map(async (mspid) => {
    const env = ['-e', `CHAINCODE_CCID=${network.packageId(LABEL, mspid)}`, '-e', `CHAINCODE_ADDRESS=${addresses[mspid]}`];
    // As Fabric charts start it, whatever the image says.
    return stack.use(await startContainer(containers, [...restricted, ...env, images.chaincode, './chaincode']));
  }));
  await waitFor(async () => ((await listening(Object.values(addresses))) ? true : undefined), { what: 'the chaincodes listen', timeoutMs: START_TIMEOUT_MS }).catch(async (error: unknown) => {
    throw new Error(`${String(error)}\n${await logsOf(containers, chaincodes)}`);
  });
  const facade = stack.use(await startContainer(containers, await facadeArguments({ folder, networkFile: network.networkFile, mspids, grpc, http, image: images.server })));
  await waitFor(async () => ((await fetch(`http://127.0.0.1:${http}/readyz`)).ok ? true : undefined), { what: 'the facade is ready', timeoutMs: START_TIMEOUT_MS }).catch(async (error: unknown) => {
    throw new Error(`${String(error)}\n${await logsOf(containers, [facade])}`);
  });
  const suite = ['--conditions=@orchestrator/source', 'e2e/src/main.ts', '--server-addr', `127.0.0.1:${grpc}`, '--short', '--filter', 'task registration'];
  await runOk({ command: process.execPath, args: suite, cwd: root, timeoutMs: SUITE_TIMEOUT_MS }).catch(async (error: unknown) => {
    throw new Error(`${String(error)}\n${await logsOf(containers, [facade, ...chaincodes])}`);
  });
  for (const { id } of [facade, ...chaincodes]) await containers.podmanOk(['healthcheck', 'run', id]);
  await facade.stop(0);
  for (const chaincode of chaincodes) await chaincode.stop(0);
}

async function logsOf(containers: Containers, started: readonly Started[]): Promise<string> {
  const logs = await Promise.all(started.map(({ id }) => containers.podman(['logs', '--tail', '20', id])));
  return logs.map(({ stdout, stderr }) => `${stdout}${stderr}`).join('\n');
}

/** Whether all of these addresses are listened on. */
async function listening(addresses: readonly string[]): Promise<boolean> {
  for (const address of addresses) {
    const [host = '', port = ''] = address.split(':');
    const socket = connect({ host, port: Number(port) });
    try {
      await once(socket, 'connect');
    } finally {
      socket.destroy();
    }
  }
  return true;
}

interface Facade {
  readonly folder: string;
  readonly networkFile: string;
  readonly mspids: readonly string[];
  readonly grpc: number;
  readonly http: number;
  readonly image: string;
}

async function facadeArguments({ folder, networkFile, mspids, grpc, http, image }: Facade): Promise<readonly string[]> {
  const channels = join(folder, 'channels.yaml');
  const lines = names.map(({ channel, name }) => `  ${channel}: { organizations: [${mspids.join(', ')}], chaincode: ${name} }\n`);
  await writeFile(channels, `channels:\n${lines.join('')}`);
  // The keys of a network that lives for a minute; in the container another user reads them.
  await runOk({ command: 'chmod', args: ['-R', 'a+rX', folder] });
  await chmod(folder, 0o755);
  const variables = {
    ORCHESTRATOR_MODE: 'distributed',
    ORCHESTRATOR_NETWORK_CONFIG: networkFile,
    ORCHESTRATOR_CHANNEL_CONFIG: channels,
    ORCHESTRATOR_GRPC_ADDRESS: `127.0.0.1:${grpc}`,
    ORCHESTRATOR_HTTP_ADDRESS: `127.0.0.1:${http}`,
  };
  return [...restricted, '-v', `${folder}:${folder}:ro`, ...Object.entries(variables).flatMap(([name, value]) => ['-e', `${name}=${value}`]), image];
}

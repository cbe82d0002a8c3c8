import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LedgerNetwork } from '@orchestrator/dev-ledger';
import { chaincodeProgram } from '../fabric/chaincode-process.ts';
import { findPorts } from '../fabric/ports.ts';
import { ProcessGuard } from '../fabric/process-guard.ts';
import type { Program } from '../fabric/program.ts';

const chaincodeLauncher = join(import.meta.dirname, '../../../apps/chaincode/bin/chaincode');

const chaincodeMain = join(import.meta.dirname, '../../../apps/chaincode/src/main.ts');

const LABEL = 'orchestrator_1';

/** The chaincodes of the channels, as the examples of the documentation call them. */
const defaultChaincodes: Readonly<Record<string, string>> = { mychannel: 'mycc', yourchannel: 'yourcc' };

export interface DeploymentOptions {
  /** Another program instead of the product's chaincode, and the label of its package. */
  readonly program?: { readonly label: string; readonly command: readonly [string, ...string[]] };
  /** Names of the chaincodes by channel: mycc on mychannel and yourcc on yourchannel, unless told otherwise. */
  readonly chaincodes?: Readonly<Record<string, string>>;
  /** `AND` of all organizations, unless told otherwise. */
  readonly policy?: string;
  /** Further environment of the chaincode of an organization. */
  readonly environmentOf?: (mspid: string) => Readonly<Record<string, string>>;
  /** Options of Node itself for the chaincode of an organization, which is then started without its launcher. */
  readonly nodeOptionsOf?: (mspid: string) => readonly string[];
}

/** The product's chaincode on a network, one process for each organization, and what a facade is told of them. */
export interface OrchestratorDeployment extends AsyncDisposable {
  /** The chaincode processes by MSP id. */
  readonly chaincodes: ReadonlyMap<string, Program>;
  /** Of the chaincode's package. */
  readonly label: string;
  /** The chaincodes by channel. */
  readonly names: Readonly<Record<string, string>>;
  /** Where the event index and the like may be kept; removed in the end. */
  readonly folder: string;
  /** The settings of a facade that speaks for all organizations. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Deploys the product's chaincode on a network that runs, and starts its processes. */
export async function deployOrchestrator(
  network: LedgerNetwork,
  options: DeploymentOptions = {},
): Promise<OrchestratorDeployment> {
  const { program: other, chaincodes: names = defaultChaincodes, policy = 'AND' } = options;
  const { environmentOf = () => ({}), nodeOptionsOf = () => [] } = options;
  const label = other?.label ?? LABEL;
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'orchestrator-distributed-'));
  stack.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));
  const guard = stack.use(new ProcessGuard());
  const mspids = network.organizations.map(({ mspid }) => mspid);
  const ports = await findPorts(mspids.length);
  const addresses = Object.fromEntries(mspids.map((mspid, index) => [mspid, `127.0.0.1:${ports[index]}`]));
  const definitions = Object.entries(names).map(([channel, name]) => ({ channel, name, package: label, policy }));
  await network.deploy({ packages: [{ label, addresses }], chaincodes: definitions });
  const chaincodes = new Map<string, Program>();
  for (const mspid of mspids) {
    const program = chaincodeProgram({
      name: `the chaincode of ${mspid}`,
      command: other?.command ?? commandWith(nodeOptionsOf(mspid)),
      mspid,
      packageId: network.packageId(label, mspid),
      address: addresses[mspid] ?? '',
      env: { LOG_LEVEL: 'WARN', ...environmentOf(mspid) },
      folder,
      logFile: join(folder, `chaincode-${mspid}.log`),
      guard,
    });
    stack.defer(() => program.stop());
    chaincodes.set(mspid, program);
  }
  await Promise.all([...chaincodes.values()].map((program) => program.start()));
  const environment = await facadeEnvironment({ network, names, folder });
  const owned = stack.move();
  return { chaincodes, label, names, folder, environment, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

function commandWith(nodeOptions: readonly string[]): readonly [string, ...string[]] {
  if (nodeOptions.length === 0) return ['sh', chaincodeLauncher];
  return [process.execPath, ...nodeOptions, '--conditions=@orchestrator/source', chaincodeMain];
}

async function facadeEnvironment({
  network,
  names,
  folder,
}: {
  readonly network: LedgerNetwork;
  readonly names: Readonly<Record<string, string>>;
  readonly folder: string;
}): Promise<Readonly<Record<string, string>>> {
  const mspids = network.organizations.map(({ mspid }) => mspid).join(', ');
  const channels = Object.entries(names).map(
    ([channel, chaincode]) => `  ${channel}: { organizations: [${mspids}], chaincode: ${chaincode} }`,
  );
  const channelConfig = join(folder, 'channels.yaml');
  await writeFile(channelConfig, `channels:\n${channels.join('\n')}\n`);
  return {
    ORCHESTRATOR_MODE: 'distributed',
    ORCHESTRATOR_NETWORK_CONFIG: network.networkFile,
    ORCHESTRATOR_CHANNEL_CONFIG: channelConfig,
    ORCHESTRATOR_DATA_DIR: join(folder, 'data'),
  };
}

import { type DevLedger, type DevLedgerOptions, startDevLedger } from '@orchestrator/dev-ledger';
import { deployOrchestrator, type OrchestratorDeployment, ServerProcess, startFabricNetwork } from '@orchestrator/tools';
import { createRandom, type Random } from '@orchestrator/testing';
import { type Headers, SpecClient } from '../spec-client.ts';

/** The development ledger, or a network of Fabric's own programs. */
export type LedgerKind = 'dev-ledger' | 'fabric';

/** Where the specs run that run on either. */
const usualKind: LedgerKind = process.env['ORCHESTRATOR_TEST_LEDGER'] === 'fabric' ? 'fabric' : 'dev-ledger';

type AnyLedger = DevLedger | Awaited<ReturnType<typeof startFabricNetwork>>;

/** For specs: a ledger with the product's chaincode. */
export interface SpecLedger<Network extends AnyLedger = AnyLedger> extends AsyncDisposable {
  readonly network: Network;
  readonly deployment: OrchestratorDeployment;
  /** Starts a server in front of it, which ends with the ledger. */
  readonly startServer: (environment?: Readonly<Record<string, string>>) => Promise<ServerProcess>;
  /** A client of a server, which ends with the ledger. */
  readonly clientOf: (server: ServerProcess) => SpecClient;
}

/** A development ledger, whatever the specs run on: into no other can faults be injected. */
export interface DevSpecLedger extends SpecLedger<DevLedger> {
  readonly faults: DevLedger['faults'];
}

/** The ledger that the specs run on. */
export async function startSpecLedger(kind = usualKind): Promise<SpecLedger> {
  return deploy(kind === 'fabric' ? await startFabricNetwork() : await startDevLedger());
}

export async function startDevSpecLedger(options: DevLedgerOptions = {}): Promise<DevSpecLedger> {
  const ledger = await deploy(await startDevLedger(options));
  return { ...ledger, faults: ledger.network.faults };
}

async function deploy<Network extends AnyLedger>(network: Network): Promise<SpecLedger<Network>> {
  await using stack = new AsyncDisposableStack();
  stack.use(network);
  const deployment = stack.use(await deployOrchestrator(network));
  const owned = stack.move();
  return {
    network,
    deployment,
    startServer: async (environment = {}) =>
      owned.use(await ServerProcess.start({ ...deployment.environment, ...environment })),
    clientOf: (server) => owned.use(new SpecClient(server.grpcAddress)),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Registers an organization in a channel, whether or not it is registered already. */
export async function registerOrganization(client: SpecClient, headers: Headers): Promise<void> {
  await client.call('RegisterOrganization', { address: '' }, headers).catch((error: unknown) => {
    if (!String(error).includes('ALREADY_EXISTS')) throw error;
  });
}

/** Random keys that no other run has. */
export function freshRandom(): Random {
  return createRandom(Date.now() % 2_147_483_647);
}

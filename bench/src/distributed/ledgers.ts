import { join } from 'node:path';
import { type LedgerNetwork, startDevLedger } from '@orchestrator/dev-ledger';
import { deployOrchestrator, findFabricBinaries, ServerProcess, startFabricNetwork } from '@orchestrator/tools';
import { LeastGateway } from './least-gateway.ts';
import type { BenchNetwork } from './network.ts';

const LEAST = 'least';
const leastCommand = [process.execPath, join(import.meta.dirname, 'least-chaincode.ts')] as const;

/** Which ledger, and how long it waits for more transactions before it cuts a block. */
export interface LedgerOptions {
  readonly ledger: 'fabric' | 'development';
  readonly blockMs: number;
}

/** Fabric's own processes where their binaries are found, the development ledger elsewhere. */
export function preferredLedger(): LedgerOptions['ledger'] {
  return findFabricBinaries() === undefined ? 'development' : 'fabric';
}

/**
 * Starts a ledger of two organizations with AND endorsement, the product's chaincode and the least one, and a facade.
 * The development ledger lives in this process: its processor time is not told.
 */
export async function startLedger(options: LedgerOptions): Promise<BenchNetwork> {
  await using stack = new AsyncDisposableStack();
  const { network, ledgerPids } = await openNetwork(options);
  stack.use(network);
  const deployment = stack.use(await deployOrchestrator(network));
  const { names, environment } = deployment;
  const leastNames = Object.fromEntries(Object.keys(names).map((channel) => [channel, LEAST]));
  stack.use(
    await deployOrchestrator(network, { program: { label: 'least_1', command: leastCommand }, chaincodes: leastNames }),
  );
  const server = stack.use(await ServerProcess.start(environment));
  const [organization] = network.organizations;
  if (organization === undefined) throw new Error('a network without organizations');
  const least = stack.use(new LeastGateway(organization, LEAST));
  const owned = stack.move();
  return {
    description: `${options.ledger} ledger, AND endorsement, a block every ${options.blockMs} ms`,
    target: {
      addresses: [server.grpcAddress],
      organization: organization.mspid,
      channels: ['mychannel', 'yourchannel'],
    },
    facadePids: [server.pid],
    ledgerPids: ledgerPids(),
    chaincodePids: [...deployment.chaincodes.values()].flatMap(({ pid }) => pid ?? []),
    least,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

interface OpenNetwork {
  readonly network: LedgerNetwork;
  readonly ledgerPids: () => readonly number[];
}

async function openNetwork({ ledger, blockMs }: LedgerOptions): Promise<OpenNetwork> {
  if (ledger === 'development') {
    return { network: await startDevLedger({ batchTimeoutMs: blockMs }), ledgerPids: () => [] };
  }
  const network = await startFabricNetwork({ batchTimeoutMs: blockMs });
  const pids = () => [...network.orderers, ...network.peers.values()].flatMap(({ pid }) => pid ?? []);
  return { network, ledgerPids: pids };
}

import { type LedgerNetwork, startDevLedger } from '@orchestrator/dev-ledger';
import { startFabricNetwork } from '@orchestrator/tools';

/** Starts a network by its name in `findNetworkNames`. */
export function startNetwork(name: string): Promise<LedgerNetwork> {
  if (!name.startsWith('Hyperledger Fabric')) return startDevLedger();
  return startFabricNetwork({ stateDatabase: name.endsWith('CouchDB') ? 'CouchDB' : 'goleveldb' });
}

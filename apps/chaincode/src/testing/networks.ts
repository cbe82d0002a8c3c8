import { type LedgerNetwork, startDevLedger } from '@orchestrator/dev-ledger';
import { startFabricNetwork } from '@orchestrator/tools';

export type NetworkName = 'the development ledger' | 'Hyperledger Fabric on LevelDB' | 'Hyperledger Fabric on CouchDB';

export function startNetwork(name: NetworkName): Promise<LedgerNetwork> {
  if (name === 'the development ledger') return startDevLedger();
  return startFabricNetwork({ stateDatabase: name.endsWith('CouchDB') ? 'CouchDB' : 'goleveldb' });
}

import { parentPort } from 'node:worker_threads';
import { findFabricBinaries } from '@orchestrator/tools';

// In a thread of its own for the same reason as network-worker.ts.
const real = ['Hyperledger Fabric on LevelDB', 'Hyperledger Fabric on CouchDB'];
parentPort?.postMessage(['the development ledger', ...(findFabricBinaries() === undefined ? [] : real)]);

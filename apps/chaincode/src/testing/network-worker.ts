import process from 'node:process';
import { parentPort, workerData } from 'node:worker_threads';
import { NetworkClient } from './network-client.ts';
import { startNetwork } from './networks.ts';
import type { WorkerAnswer, WorkerCall, WorkerStart } from './worker-network.ts';

// The shim brings its own version of Fabric's messages, and both versions keep their classes in the same global
// variable: a chaincode and a client of the gateway cannot live in one global scope. This is the client's.

const { name, address, label, chaincodes, mspid } = workerData as WorkerStart;
const port = parentPort;
if (port === null) throw new Error('this is no worker');

const network = await startNetwork(name);
const addresses = Object.fromEntries(network.organizations.map((organization) => [organization.mspid, address]));
await network.deploy({ packages: [{ label, addresses }], chaincodes });
const client = new NetworkClient(network);
const answer = (message: WorkerAnswer): void => port.postMessage(message);

port.on('message', ({ id, kind, call }: WorkerCall) => {
  if (kind === 'close') {
    client[Symbol.dispose]();
    network[Symbol.asyncDispose]().then(
      () => process.exit(0),
      () => process.exit(1),
    );
    return;
  }
  client[kind](call).then(
    (text) => answer({ id, text }),
    (error: unknown) => answer({ id, failure: describe(error) }),
  );
});
answer({ id: 0, text: network.packageId(label, mspid) });

function describe(error: unknown): string {
  const details = error instanceof Error && 'details' in error ? JSON.stringify(error.details) : '';
  return `${String(error)} ${details}`;
}

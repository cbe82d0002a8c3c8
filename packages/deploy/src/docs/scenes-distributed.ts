import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startDevLedger } from '@orchestrator/dev-ledger';
import { findPorts } from '@orchestrator/tools';
import { runOk } from '../run.ts';
import type { Desk } from './desk.ts';
import { expectIn, isServing, type Scene } from './scene.ts';

const installing = 'docs/distributed/installing.md';
const LABEL = 'orchestrator_1';

/** Pages about distributed mode, as far as the development ledger can stand for a network. */
export const distributedScenes: readonly Scene[] = [
  { name: 'everything at once', play: atOnce },
  { name: 'the development ledger part by part', play: partByPart },
  { name: 'package, chaincode and facade, by the page about installing', play: install },
];

async function atOnce(desk: Desk): Promise<void> {
  const server = await desk.start({ page: 'README.md', begins: 'npm run start:distributed', until: isServing });
  const call = await desk.start({ page: 'README.md', begins: 'npx node', replace: { '127.0.0.1:9000': server.addresses.grpc }, until: /:0 MyOrg2MSP organization/ });
  expectIn(call.output, 'https://backend.org-2.example');
}

async function partByPart(desk: Desk): Promise<void> {
  const page = 'docs/development-ledger.md';
  const ports = await findPorts(4);
  const [peer1, peer2, chaincode1, chaincode2] = ports;
  const replace = { '7051,7052': `${peer1},${peer2}`, '127.0.0.1:7061,127.0.0.1:7062': `127.0.0.1:${chaincode1},127.0.0.1:${chaincode2}` };
  await desk.start({ page, begins: 'npx node --conditions=@orchestrator/source packages/dev-ledger', replace, until: /The development ledger is ready/ });
  const ids = await readFile(join(desk.folder, 'dev-ledger-data/chaincodes.json'), 'utf8');
  const [id = ''] = /mycc_1:[0-9a-f]{64}/.exec(ids) ?? [];
  await desk.start({ page, begins: 'CHAINCODE_CCID', replace: { 'mycc_1:…': id, '127.0.0.1:7061': `127.0.0.1:${chaincode1}` }, until: /the chaincode is served/ });
}

async function install(desk: Desk): Promise<void> {
  await desk.run({ page: installing, begins: 'cat > connection.json' });
  const packed = await runOk({ command: 'tar', args: ['-tzf', 'orchestrator.tgz'], cwd: desk.folder });
  if (packed !== 'metadata.json\ncode.tar.gz\n') throw new Error(`the package holds ${packed}`);
  const [port = 0, metrics = 0] = await findPorts(2);
  const address = `127.0.0.1:${port}`;
  await using ledger = await startDevLedger();
  const [first, second] = ledger.organizations;
  if (first === undefined || second === undefined) throw new Error('the ledger has two organizations');
  const addresses = { [first.mspid]: address, [second.mspid]: address };
  // The chaincode of one organization: its endorsement alone has to do.
  await ledger.deploy({ packages: [{ label: LABEL, addresses }], chaincodes: [{ channel: 'mychannel', name: 'mycc', package: LABEL, policy: 'OR' }] });
  const replace = { 'orchestrator_1:…': ledger.packageId(LABEL, first.mspid), '0.0.0.0:7052': address };
  await desk.start({ page: installing, begins: 'export CHAINCODE_CCID', replace, env: { METRICS_ADDRESS: `127.0.0.1:${metrics}` }, until: /the chaincode is served/ });
  await networkFiles(desk, { first, yaml: await readFile(join(desk.folder, installing), 'utf8') });
  const facade = await desk.start({ page: installing, begins: 'export ORCHESTRATOR_MODE', until: isServing });
  expectIn(facade.output, 'Hyperledger Fabric, as MyOrg1MSP');
}

/** The files that the page shows, for the ledger's own names and addresses. */
async function networkFiles(desk: Desk, { first, yaml }: { readonly first: Awaited<ReturnType<typeof startDevLedger>>['organizations'][number]; readonly yaml: string }): Promise<void> {
  const blocks = [...yaml.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text = '']) => text);
  const [network, channels] = [blocks.find((text) => text.startsWith('organizations:')), blocks.find((text) => text.startsWith('channels:'))];
  if (network === undefined || channels === undefined) throw new Error(`${installing} shows no network.yaml or no channels.yaml`);
  await desk.write('network.yaml', network.replace('peer0.org1.example:7051', first.gatewayAddress).replace('ssl-target-name-override: peer0.org1.example', `ssl-target-name-override: ${first.sslTargetName}`));
  await desk.write('channels.yaml', channels);
  await copyFile(first.tlsCaCertFile, join(desk.folder, 'peer0-tls-ca.pem'));
  await copyFile(first.user.certFile, join(desk.folder, 'user.pem'));
  await copyFile(first.user.keyFile, join(desk.folder, 'user.key'));
}

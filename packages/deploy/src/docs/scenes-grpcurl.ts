import { ServerProcess, startTestPostgres } from '@orchestrator/tools';
import { goTools } from '../tools.ts';
import type { Desk, Started } from './desk.ts';
import { expectIn, isServing, type Scene } from './scene.ts';

const ADDRESS = '127.0.0.1:9000';
const INSTALL_TIMEOUT_MS = 600_000;

/** First calls as the pages show them, with grpcurl. */
export const grpcurlScenes: readonly Scene[] = [
  { name: 'from a copy of the sources by npm ci to the first calls with grpcurl', isInstalled: false, play: firstCalls },
  { name: 'grpcurl in distributed mode', play: distributed },
  { name: 'grpcurl with a client certificate, and scenarios over TLS', play: overTls },
];

async function provideGrpcurl(desk: Desk): Promise<void> {
  const { grpcurl = '' } = await goTools('grpcurl');
  await desk.provide('grpcurl', `#!/bin/sh\nexec ${grpcurl} "$@"\n`);
}

async function firstCalls(desk: Desk): Promise<void> {
  await provideGrpcurl(desk);
  const server = await desk.start({ page: 'README.md', begins: 'npm ci && npm start', until: isServing, timeoutMs: INSTALL_TIMEOUT_MS });
  const { grpc } = server.addresses;
  const replace = { [ADDRESS]: grpc };
  const calls = await desk.start({ page: 'README.md', begins: 'grpcurl -plaintext 127.0.0.1:9000 list', replace, until: /"eventKind": "EVENT_ASSET_CREATED"/ });
  expectIn(calls.output, 'orchestrator.ComputePlanService', 'RegisterOrganizationParam', '"address": "https://backend.org-1.example"');
  const [, event = ''] = /"id": "([0-9a-f-]{36})"/.exec(calls.output) ?? [];
  expectIn(await desk.run({ page: 'docs/errors.md', begins: 'grpcurl', replace }), '"key": "6f0c1a9e-3d8b-4c27-9a51-0d2f4b6c8e10"');
  expectIn(await desk.run({ page: 'docs/events.md', begins: `grpcurl -plaintext -H 'mspid: MyOrg1MSP' -H 'channel: mychannel' \\\n  -d '{"filter"`, replace }), event);
  const known = { ...replace, '01a1fec1-450d-7401-a1d7-c85232368165': event };
  const later = await desk.start({ page: 'docs/events.md', begins: `grpcurl -plaintext -H 'mspid: MyOrg1MSP' -H 'channel: mychannel' \\\n  -d '{"start_event_id"`, replace: known, until: /"computePlan"/ });
  expectIn(later.output, '"assetKind": "ASSET_COMPUTE_PLAN"');
}

async function distributed(desk: Desk): Promise<void> {
  await provideGrpcurl(desk);
  const server = await desk.start({ page: 'README.md', begins: 'npm run start:distributed', until: isServing });
  const said = await desk.run({ page: 'README.md', begins: "grpcurl -plaintext -H 'mspid: MyOrg2MSP'", replace: { [ADDRESS]: server.addresses.grpc } });
  expectIn(said, '"id": "MyOrg2MSP"');
}

async function overTls(desk: Desk): Promise<void> {
  await provideGrpcurl(desk);
  await desk.run({ page: 'docs/certificates.md', begins: 'examples/tools/create_ca.sh' });
  const server = await desk.start({ page: 'docs/certificates.md', begins: 'export ORCHESTRATOR_TLS_ENABLED', until: isServing });
  for (const page of ['README.md', 'docs/certificates.md']) {
    expectIn(await desk.run({ page, begins: 'grpcurl -cacert', replace: { 'localhost:9000': localhost(server) } }), '"orchestrator"');
  }
  await scenarios(desk);
}

function localhost({ addresses }: Started): string {
  return addresses.grpc.replace('127.0.0.1', 'localhost');
}

/** All of the end-to-end suite on servers of this build, twice without and once with certificates. */
async function scenarios(desk: Desk): Promise<void> {
  await using postgres = await startTestPostgres();
  const store = { ORCHESTRATOR_DATABASE_URL: postgres.adminUrl, ORCHESTRATOR_MIGRATE: 'true', ORCHESTRATOR_CHANNEL_CONFIG: `${desk.folder}/examples/compose/channels.yaml` };
  {
    await using server = await ServerProcess.start(store);
    const said = await desk.run({ page: 'e2e/README.md', begins: 'npm run e2e -- --server-addr HOST:PORT  ', replace: { 'HOST:PORT': server.grpcAddress } });
    expectIn(said, /\d{3} passed, 0 failed[\s\S]*\d{3} passed, 0 failed/);
  }
  const files = {
    ORCHESTRATOR_TLS_ENABLED: 'true',
    ORCHESTRATOR_TLS_CERT_PATH: `${desk.folder}/tls/server.crt`,
    ORCHESTRATOR_TLS_KEY_PATH: `${desk.folder}/tls/server.key`,
    ORCHESTRATOR_MTLS_ENABLED: 'true',
    ORCHESTRATOR_TLS_CLIENT_CA_CERT_DIR: `${desk.folder}/tls/clients`,
  };
  await using server = await ServerProcess.start({ ...store, ...files });
  const replace = { 'HOST:PORT': server.grpcAddress, 'ca.pem': `${desk.folder}/ca/server/ca.crt`, 'client.pem': `${desk.folder}/tls/org1/client.crt`, '--keyfile client.key': `--keyfile ${desk.folder}/tls/org1/client.key` };
  expectIn(await desk.run({ page: 'e2e/README.md', begins: 'npm run e2e -- --server-addr HOST:PORT --tls', replace }), /[1-9]\d* passed, 0 failed/);
}

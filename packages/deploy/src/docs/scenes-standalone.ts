import { readFile } from 'node:fs/promises';
import { once } from 'node:events';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { createTestDatabase } from '@orchestrator/tools';
import type { Desk } from './desk.ts';
import { expectIn, isServing, type Scene } from './scene.ts';

const ADDRESS = '127.0.0.1:9000';
const HANDSHAKE_TIMEOUT_MS = 10_000;

/** Pages about standalone mode: Node, PostgreSQL and OpenSSL are enough. */
export const standaloneScenes: readonly Scene[] = [
  { name: 'a server on a PostgreSQL of the reader, and the first call from a script', play: onPostgres },
  { name: 'a server on a migrated database', play: afterMigration },
  { name: 'TLS with the scripts of examples/tools', play: withCertificates },
  { name: 'the same, by the page about certificates', play: byThePageOfCertificates },
];

async function onPostgres(desk: Desk): Promise<void> {
  await using database = await createTestDatabase();
  const replace = { 'postgres://USER:PASSWORD@HOST:5432/DATABASE': database.url };
  const server = await desk.start({ page: 'README.md', begins: 'cat > channels.yaml', replace, until: isServing });
  const { grpc, http } = server.addresses;
  const ready = await fetch(`http://${http}/readyz`);
  if (!ready.ok) throw new Error(`/readyz says ${ready.status}`);
  const call = await desk.start({ page: 'README.md', begins: 'npx node', replace: { [ADDRESS]: grpc }, until: /MyOrg2MSP organization/ });
  expectIn(call.output, 'https://backend.org-2.example');
}

async function afterMigration(desk: Desk): Promise<void> {
  await using database = await createTestDatabase();
  const env = { ORCHESTRATOR_DATABASE_URL: database.url, ORCHESTRATOR_CHANNEL_CONFIG: 'examples/compose/channels.yaml' };
  const server = await desk.start({ page: 'docs/modes.md', begins: 'sh apps/orchestrator/bin/orchestrator migrate', env, until: isServing });
  expectIn(server.output, 'PostgreSQL');
}

async function withCertificates(desk: Desk): Promise<void> {
  const server = await desk.start({ page: 'README.md', begins: 'examples/tools/create_ca.sh', until: isServing });
  await expectMutualTls(desk.folder, server.addresses.grpc);
}

async function byThePageOfCertificates(desk: Desk): Promise<void> {
  await desk.run({ page: 'docs/certificates.md', begins: 'examples/tools/create_ca.sh' });
  const server = await desk.start({ page: 'docs/certificates.md', begins: 'export ORCHESTRATOR_TLS_ENABLED', until: isServing });
  await expectMutualTls(desk.folder, server.addresses.grpc);
}

/** With the client's certificate the server speaks HTTP/2, and without one it ends the connection. */
export async function expectMutualTls(folder: string, address: string, paths = ['ca/server/ca.crt', 'tls/org1/client.crt', 'tls/org1/client.key']): Promise<void> {
  const [ca, cert, key] = await Promise.all(paths.map((path) => readFile(join(folder, path))));
  if ((await firstBytes(address, { ca, cert, key })) === 0) throw new Error('the server says nothing to a client with a certificate');
  const without = await firstBytes(address, { ca }).catch(() => 0);
  if (without !== 0) throw new Error('the server speaks with a client without a certificate');
}

async function firstBytes(address: string, credentials: object): Promise<number> {
  const [, port] = address.split(':');
  const socket = connect({ port: Number(port), host: '127.0.0.1', servername: 'localhost', ALPNProtocols: ['h2'], ...credentials });
  try {
    const signal = AbortSignal.timeout(HANDSHAKE_TIMEOUT_MS);
    // A server of HTTP/2 sends its settings unasked.
    const [data] = (await once(socket, 'data', { signal })) as [Buffer];
    return data.length;
  } finally {
    socket.destroy();
  }
}

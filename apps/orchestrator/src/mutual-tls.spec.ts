import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServerProcess } from '@orchestrator/tools';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Authority, exportKey, issueCertificate, newAuthority } from './config/spec-support.ts';
import { createMigratedDatabase } from './standalone/spec-support.ts';

const TIMEOUT_MS = 300_000;
const root = join(import.meta.dirname, '../../..');

const stack = new AsyncDisposableStack();
let folder: string;
let server: ServerProcess;

async function writePair(name: string, pair: Authority): Promise<void> {
  await writeFile(join(folder, `${name}.crt`), pair.certificate.toString('pem'));
  await writeFile(join(folder, `${name}.key`), await exportKey(pair));
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orchestrator-mutual-tls-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const ca = await newAuthority('CN=ca');
  const strangers = await newAuthority('CN=strangers');
  await writePair('ca', ca);
  await writePair('server', await issueCertificate('CN=localhost', { signer: ca }));
  // One client plays both organizations of the suite.
  await writePair('client', await issueCertificate('CN=client,O=MyOrg1MSP,O=MyOrg2MSP', { signer: ca }));
  await writePair('stranger', await issueCertificate('CN=client,O=MyOrg1MSP,O=MyOrg2MSP', { signer: strangers }));
  for (const mspid of ['MyOrg1MSP', 'MyOrg2MSP']) {
    await mkdir(join(folder, 'cas', mspid), { recursive: true });
    await writeFile(join(folder, 'cas', mspid, 'ca.crt'), ca.certificate.toString('pem'));
  }
  // Trusted for the connection, but for another organization.
  await mkdir(join(folder, 'cas', 'MyOrg3MSP'), { recursive: true });
  await writeFile(join(folder, 'cas', 'MyOrg3MSP', 'ca.crt'), strangers.certificate.toString('pem'));
  await writeFile(
    join(folder, 'channels.yaml'),
    'channels: {mychannel: [MyOrg1MSP, MyOrg2MSP, MyOrg3MSP], yourchannel: [MyOrg1MSP, MyOrg2MSP]}\n',
  );
  const database = stack.use(await createMigratedDatabase());
  server = stack.use(
    await ServerProcess.start({
      ORCHESTRATOR_DATABASE_URL: database.url,
      ORCHESTRATOR_CHANNEL_CONFIG: join(folder, 'channels.yaml'),
      ORCHESTRATOR_TLS_ENABLED: 'true',
      ORCHESTRATOR_TLS_CERT_PATH: join(folder, 'server.crt'),
      ORCHESTRATOR_TLS_KEY_PATH: join(folder, 'server.key'),
      ORCHESTRATOR_MTLS_ENABLED: 'true',
      ORCHESTRATOR_TLS_CLIENT_CA_CERT_DIR: join(folder, 'cas'),
      ORCHESTRATOR_VERIFY_CLIENT_MSP_ID: 'true',
    }),
  );
}, TIMEOUT_MS);

afterAll(async () => {
  await stack.disposeAsync();
});

async function runSuite(client: string, ...more: readonly string[]): Promise<{ code: unknown; output: string }> {
  const args = ['--conditions=@orchestrator/source', 'e2e/src/main.ts', '--server-addr', server.grpcAddress, '--short'];
  args.push('--tls', '--cafile', join(folder, 'ca.crt'), '--server-name-override', 'localhost', ...more);
  args.push('--certfile', join(folder, `${client}.crt`), '--keyfile', join(folder, `${client}.key`));
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (output += String(text)));
  const [code] = (await once(child, 'close')) as [unknown];
  return { code, output };
}

it(
  'the end-to-end suite passes over mutual TLS with MSP id verification',
  async () => {
    const { code, output } = await runSuite('client');
    expect(output.split('\n').filter((line) => line.startsWith('FAILED'))).toEqual([]);
    expect(output).toMatch(/^[1-9]\d* passed, 0 failed$/mu);
    expect(code).toBe(0);
  },
  TIMEOUT_MS,
);

it(
  'a certificate of a CA that speaks for another organization is refused',
  async () => {
    const { code, output } = await runSuite('stranger', '--filter', 'plans');
    expect(output).toMatch(/PERMISSION_DENIED|OE0102/u);
    expect(code).not.toBe(0);
  },
  TIMEOUT_MS,
);

// The record of a server process under mutual TLS: who did what; and what no log of it may say.
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { credentials, type ServiceError } from '@grpc/grpc-js';
import { createRandom } from '@orchestrator/testing';
import { ServerProcess, type TestDatabase } from '@orchestrator/tools';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { SpecClient } from '../spec-client.ts';
import { takeTour } from '../spec-support-tour.ts';
import { createMigratedDatabase } from '../standalone/spec-support.ts';
import { exportKey, issueCertificate, newAuthority, toPem } from '../config/spec-support.ts';
import { RecordingLog } from '../log/spec-support.ts';
import { openAuditSink } from './audit-sink.ts';

const TIMEOUT_MS = 120_000;
const WAIT = { timeout: 10_000, interval: 20 };
const BROKER_PASSWORD = 'broker-pass-1f6e';
const URL_PASSWORD = 'storage-pass-77aa';
const IDEMPOTENCY_KEY = 'idempotency-5c1d';

const stack = new AsyncDisposableStack();
let folder: string;
let database: TestDatabase;
let server: ServerProcess;
let client: SpecClient;
let fingerprint: string;
let secrets: readonly string[];

interface Entry {
  readonly time: string;
  readonly procedure: string;
  readonly keys: readonly string[];
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'orchestrator-audit-'));
  stack.defer(() => rmSync(folder, { recursive: true }));
  const ca = await newAuthority('CN=CA');
  const pair = await issueCertificate('CN=localhost', { signer: ca });
  const own = await issueCertificate('CN=backend,O=MyOrg1MSP', { signer: ca });
  const [key, ownKey] = [await exportKey(pair), await exportKey(own)];
  mkdirSync(join(folder, 'cas', 'MyOrg1MSP'), { recursive: true });
  writeFileSync(join(folder, 'cas', 'MyOrg1MSP', 'ca.crt'), toPem(ca));
  writeFileSync(join(folder, 'server.crt'), toPem(pair));
  writeFileSync(join(folder, 'server.key'), key);
  writeFileSync(join(folder, 'channels.yaml'), 'channels: {mychannel: [MyOrg1MSP, MyOrg2MSP]}\n');
  database = stack.use(await createMigratedDatabase());
  server = stack.use(
    await ServerProcess.start({
      ORCHESTRATOR_DATABASE_URL: database.url,
      // Nobody listens there: connecting again and again is a chance to say too much.
      ORCHESTRATOR_AMQP_DSN: `amqp://publisher:${BROKER_PASSWORD}@127.0.0.1:1/vhost`,
      ORCHESTRATOR_CHANNEL_CONFIG: join(folder, 'channels.yaml'),
      ORCHESTRATOR_TLS_ENABLED: 'true',
      ORCHESTRATOR_TLS_CERT_PATH: join(folder, 'server.crt'),
      ORCHESTRATOR_TLS_KEY_PATH: join(folder, 'server.key'),
      ORCHESTRATOR_MTLS_ENABLED: 'true',
      ORCHESTRATOR_TLS_CLIENT_CA_CERT_DIR: join(folder, 'cas'),
      ORCHESTRATOR_VERIFY_CLIENT_MSP_ID: 'true',
      ORCHESTRATOR_AUDIT_LOG: join(folder, 'audit.log'),
      LOG_LEVEL: 'TRACE',
      LOG_SQL_VERBOSE: 'true',
    }),
  );
  const ssl = credentials.createSsl(Buffer.from(toPem(ca)), Buffer.from(ownKey), Buffer.from(toPem(own)));
  client = stack.use(new SpecClient(server.grpcAddress, ssl, { 'grpc.ssl_target_name_override': 'localhost' }));
  fingerprint = Buffer.from(await own.certificate.getThumbprint('SHA-256')).toString('hex').toUpperCase();
  secrets = [key, ownKey].map((pem) => pem.split('\n')[2] ?? pem);
}, TIMEOUT_MS);

afterAll(() => stack.disposeAsync());

function entries(name = 'audit.log'): readonly Entry[] {
  const lines = readFileSync(join(folder, name), 'utf8').split('\n');
  expect(lines.pop()).toBe('');
  return lines.map((line) => JSON.parse(line) as Entry);
}

async function refusal(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'answered',
    (error: unknown) => (error as ServiceError).details,
  );
}

it('has a line for each call that writes, with who, what and how it ended', async () => {
  const steps = await takeTour(1, 'MyOrg1MSP', async (method, request) => {
    await client.call(method, request);
    return { events: [] };
  });
  const written = steps.filter(({ procedure }) => procedure.kind === 'write');
  expect(entries().map(({ procedure }) => procedure)).toEqual(
    written.map(({ procedure: { service, method } }) => `/orchestrator.${service}/${method}`),
  );
  expect(entries()[1]).toEqual({
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as unknown,
    audit: 'call',
    requestId: expect.stringMatching(/^[\da-f]{8}$/) as unknown,
    procedure: '/orchestrator.FunctionService/RegisterFunction',
    mspid: 'MyOrg1MSP',
    channel: 'mychannel',
    certificate: fingerprint.replaceAll(/(..)(?!$)/g, '$1:'),
    keys: [written[1]?.request].map((request) => (request as { readonly key: string }).key),
    keyCount: 1,
    outcome: 'OK',
  });
  expect(statSync(join(folder, 'audit.log')).mode & 0o777).toBe(0o600);
});

it('has a line for each refused call, and none for what was read', async () => {
  const before = entries().length;
  const key = createRandom(2).key();
  await client.call('GetAllOrganizations', {});
  await refusal(client.call('GetTask', { key }));
  await refusal(client.call('GetAllOrganizations', {}, { channel: 'mychannel', mspid: 'MyOrg2MSP' }));
  await refusal(client.call('GetAllOrganizations', {}, { channel: 'other', mspid: '' }));
  await refusal(client.callBytes('/orchestrator.ComputePlanService/RegisterPlan', Buffer.from('ff', 'hex')));
  expect(entries().slice(before)).toMatchObject([
    { procedure: '/orchestrator.ComputeTaskService/GetTask', keys: [key], outcome: 'NOT_FOUND', code: 'OE0002' },
    { mspid: 'MyOrg2MSP', outcome: 'PERMISSION_DENIED', code: 'OE0102', certificate: expect.any(String) as unknown },
    { mspid: '', channel: 'other', outcome: 'FAILED_PRECONDITION', code: 'OE0003' },
    { procedure: '/orchestrator.ComputePlanService/RegisterPlan', keys: [], outcome: 'INVALID_ARGUMENT', code: 'OE0101' },
  ]);
});

it('goes on in a new file after it was moved away', async () => {
  const before = entries().length;
  renameSync(join(folder, 'audit.log'), join(folder, 'audit.1'));
  await refusal(client.call('GetTask', { key: 'x' }));
  expect(entries('audit.1')).toHaveLength(before + 1);
  server.kill('SIGHUP');
  await vi.waitFor(() => expect(statSync(join(folder, 'audit.log')).size).toBe(0), WAIT);
  await refusal(client.call('GetTask', { key: 'y' }));
  expect(entries('audit.1')).toHaveLength(before + 1);
  expect(entries()).toMatchObject([{ keys: ['y'] }]);
});

it('no log says a secret', async () => {
  const random = createRandom(3);
  const address = { checksum: 'zz', storageAddress: `https://user:${URL_PASSWORD}@host/` };
  const headers = { channel: 'mychannel', mspid: 'MyOrg1MSP', idempotencyKey: IDEMPOTENCY_KEY };
  expect(await refusal(client.call('RegisterFunction', { key: random.key(), name: 'x', archive: address }, headers))).toMatch(
    'OE0101',
  );
  await client.call('RegisterPlan', { key: random.key(), name: 'plan' }, headers);
  const said = server.everything + readFileSync(join(folder, 'audit.log'), 'utf8') + readFileSync(join(folder, 'audit.1'), 'utf8');
  // The log is the most talkative one, and does contain what the server did.
  for (const word of ['"level":"DEBUG"', 'RegisterFunction', 'INSERT']) expect(said).toContain(word);
  const password = new URL(database.url).password;
  expect(password).not.toBe('');
  for (const secret of [password, BROKER_PASSWORD, URL_PASSWORD, IDEMPOTENCY_KEY, 'PRIVATE KEY', ...secrets])
    expect(said.includes(secret), secret).toBe(false);
});

it('a file that cannot be written costs entries, not calls, and is told once', () => {
  const log = new RecordingLog();
  using sink = openAuditSink({ target: '/dev/full', log });
  sink.write('one\n');
  sink.write('two\n');
  expect(log.messages('error')).toEqual(['the audit log cannot be written: entries are lost']);
  expect(() => openAuditSink({ target: folder, log })).toThrow(/EISDIR/);
});

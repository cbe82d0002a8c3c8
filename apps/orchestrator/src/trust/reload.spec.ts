// A server whose certificates, CAs and channels change while clients are connected.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { credentials as clientCredentials, status } from '@grpc/grpc-js';
import 'reflect-metadata';
import { SubjectAlternativeNameExtension } from '@peculiar/x509';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ConfiguredChannels } from '../config/channel-registry.ts';
import { parseChannels } from '../config/channels.ts';
import { endOf, startTestServer } from '../grpc/spec-support.ts';
import type { RawClient, TestServer } from '../grpc/spec-support.ts';
import { PrometheusMetrics } from '../http/prometheus-metrics.ts';
import { RecordingLog } from '../log/spec-support.ts';
import { openTrust } from './open-trust.ts';
import type { Trust } from './open-trust.ts';
import { exportKey, issueCertificate, newAuthority, toPem } from '../config/spec-support.ts';
import type { Authority } from '../config/spec-support.ts';

const QUERY_VERSION = '/orchestrator.InfoService/QueryVersion';
const SUBSCRIBE = '/orchestrator.EventService/SubscribeToEvents';
const CHANNELS = 'channels: {mychannel: [MyOrg1MSP, MyOrg2MSP]}';
const WAIT = { timeout: 10_000, interval: 20 };
const intervalMs = 20;

let stack: AsyncDisposableStack;
let folder: string;
let log: RecordingLog;
let serverCa: Authority;
let trust: Trust;
let server: TestServer;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  folder = mkdtempSync(join(tmpdir(), 'orchestrator-reload-'));
  stack.defer(() => rmSync(folder, { recursive: true }));
  log = new RecordingLog();
  serverCa = await newAuthority('CN=Server CA');
});

afterEach(() => stack.disposeAsync());

async function writeServer(toDays: number): Promise<void> {
  const more = [new SubjectAlternativeNameExtension([{ type: 'dns', value: 'localhost' }])];
  const identity = await issueCertificate('CN=localhost', { signer: serverCa, toDays, more });
  writeFileSync(join(folder, 'server.key'), await exportKey(identity));
  writeFileSync(join(folder, 'server.crt'), toPem(identity));
}

function install(mspid: string, file: string, authority: Authority): void {
  mkdirSync(join(folder, 'cas', mspid), { recursive: true });
  writeFileSync(join(folder, 'cas', mspid, file), toPem(authority));
}

async function start(): Promise<void> {
  await writeServer(10);
  const path = join(folder, 'channels.yaml');
  writeFileSync(path, CHANNELS);
  const tls = {
    enabled: true,
    certPath: join(folder, 'server.crt'),
    keyPath: join(folder, 'server.key'),
    mtls: true,
    clientCaCertDir: join(folder, 'cas'),
    verifyClientMspId: true,
  };
  trust = await openTrust({ tls, log, stack, intervalMs });
  const initial = parseChannels(CHANNELS).channels;
  const channels = stack.use(new ConfiguredChannels({ channels: { path, initial }, log, intervalMs }));
  server = stack.use(await startTestServer({ credentials: trust.credentials, verifier: trust.verifier, channels, log }));
  server.mode.open = () => {
    const next = (): Promise<readonly Uint8Array[]> =>
      new Promise((resolve) => setTimeout(() => resolve([Buffer.from('an event')]), intervalMs));
    return Promise.resolve({ next, [Symbol.asyncDispose]: () => Promise.resolve() });
  };
}

async function connect(signer: Authority): Promise<RawClient> {
  const client = await issueCertificate('CN=backend,O=MyOrg1MSP', { signer });
  const key = Buffer.from(await exportKey(client));
  return server.connect({}, clientCredentials.createSsl(Buffer.from(toPem(serverCa)), key, Buffer.from(toPem(client))));
}

async function codeOf(client: RawClient): Promise<status> {
  return (await client.unary(QUERY_VERSION)).code;
}

function inForce(subject: string): Promise<void> {
  return vi.waitFor(() => expect(log.messages('info')).toContainEqual(expect.stringMatching(subject)), WAIT);
}

it('clients stay connected while CAs come and go, and follow their own', async () => {
  const [first, second] = [await newAuthority('CN=First'), await newAuthority('CN=Second')];
  install('MyOrg1MSP', 'first.crt', first);
  await start();
  const early = await connect(first);
  expect(await codeOf(early)).toBe(status.OK);
  const events = early.stream(SUBSCRIBE, { deadlineMs: 60_000 });
  const end = endOf(events);
  let received = 0;
  events.on('data', () => (received += 1));

  install('MyOrg1MSP', 'second.crt', second);
  await inForce('client CA certificates.*the change is in force');
  const late = await connect(second);
  await vi.waitFor(async () => expect(await codeOf(late)).toBe(status.OK), WAIT);
  const [before] = [received];
  await vi.waitFor(() => expect(received).toBeGreaterThan(before), WAIT);
  expect(await codeOf(early)).toBe(status.OK);

  unlinkSync(join(folder, 'cas', 'MyOrg1MSP', 'first.crt'));
  // The connection stands, and yet neither a call nor an event passes any more.
  expect((await end).code).toBe(status.PERMISSION_DENIED);
  expect(await codeOf(early)).toBe(status.PERMISSION_DENIED);
  expect(await codeOf(late)).toBe(status.OK);
});

it('a CA file that breaks keeps its former content, and the other organizations change all the same', async () => {
  const [mine, theirs] = [await newAuthority('CN=Mine'), await newAuthority('CN=Theirs')];
  install('MyOrg1MSP', 'ca.crt', mine);
  await start();
  const client = await connect(mine);
  expect(await codeOf(client)).toBe(status.OK);
  writeFileSync(join(folder, 'cas', 'MyOrg1MSP', 'ca.crt'), 'half a certif');
  install('MyOrg2MSP', 'ca.crt', theirs);
  const organizations = (): readonly string[] => trust.expiries().map(({ use, mspid }) => `${use} ${mspid}`);
  await vi.waitFor(
    () => expect(organizations()).toEqual(['server ', 'client_ca MyOrg1MSP', 'client_ca MyOrg2MSP']),
    WAIT,
  );
  await vi.waitFor(
    () =>
      expect(log.messages('warn')).toEqual([
        expect.stringMatching(/ca\.crt is no certificate: its former content stays in force/),
      ]),
    WAIT,
  );
  expect(await codeOf(client)).toBe(status.OK);
  expect(await codeOf(await connect(mine))).toBe(status.OK);
});

it('the metric tells when the certificates in force end', async () => {
  install('MyOrg1MSP', 'ca.crt', await newAuthority('CN=CA', { toDays: 300 }));
  await start();
  const metrics = new PrometheusMetrics();
  metrics.watchCertificates(trust.expiries);
  const days = async (use: string): Promise<readonly number[]> => {
    const lines = (await metrics.render()).split('\n').filter((line) => line.startsWith('orc_certificate_expiry_timestamp_seconds{'));
    const seconds = lines.filter((line) => line.includes(`use="${use}"`)).map((line) => Number(line.split(' ').at(-1)));
    return seconds.map((end) => Math.round((end - Date.now() / 1000) / 86_400));
  };
  expect([await days('server'), await days('client_ca')]).toEqual([[10], [300]]);
  await writeServer(90);
  await vi.waitFor(async () => expect(await days('server')).toEqual([90]), WAIT);
  const good = readFileSync(join(folder, 'server.crt'));
  writeFileSync(join(folder, 'server.crt'), 'no certificate');
  await vi.waitFor(
    () => expect(log.messages('warn')).toEqual([expect.stringContaining('the old state stays in force')]),
    WAIT,
  );
  expect(await days('server')).toEqual([90]);
  writeFileSync(join(folder, 'server.crt'), good);
});

it('an organization that leaves a channel gets nothing more of it, and a broken channel file changes nothing', async () => {
  const ca = await newAuthority('CN=CA');
  install('MyOrg1MSP', 'ca.crt', ca);
  await start();
  const client = await connect(ca);
  const end = endOf(client.stream(SUBSCRIBE, { deadlineMs: 60_000 }));
  writeFileSync(join(folder, 'channels.yaml'), 'channels: [');
  await vi.waitFor(() => expect(log.messages('warn').join()).toMatch(/channel configuration.*the old state stays in force/), WAIT);
  expect(await codeOf(client)).toBe(status.OK);
  writeFileSync(join(folder, 'channels.yaml'), 'channels: {mychannel: [MyOrg2MSP]}');
  expect((await end).code).toBe(status.PERMISSION_DENIED);
  expect(await codeOf(client)).toBe(status.PERMISSION_DENIED);
});

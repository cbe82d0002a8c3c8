// The scripts of examples/tools, by what they make: a server that runs with it and clients that may call it.
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { credentials as clientCredentials, status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startTestServer } from '../grpc/spec-support.ts';
import { RecordingLog } from '../log/spec-support.ts';
import { openTrust } from './open-trust.ts';

const tools = join(import.meta.dirname, '../../../../examples/tools');

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'orchestrator-tools-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

function run(script: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}): string {
  const env = { ...process.env, ...environment };
  return execFileSync('sh', [join(tools, script), ...args], { cwd: folder, env, encoding: 'utf8', stdio: 'pipe' });
}

function makeAll(): void {
  run('create_ca.sh', ['Server', 'ca/server']);
  run('create_server_cert.sh', ['ca/server', 'tls', 'localhost', '127.0.0.1', '::1']);
  for (const mspid of ['MyOrg1MSP', 'MyOrg2MSP']) {
    run('create_ca.sh', [mspid, `ca/${mspid}`]);
    run('create_client_cert.sh', [mspid, `ca/${mspid}`, `tls/${mspid}`, 'backend']);
    mkdirSync(join(folder, 'tls/clients', mspid), { recursive: true });
    writeFileSync(join(folder, 'tls/clients', mspid, 'ca.crt'), readFileSync(join(folder, 'ca', mspid, 'ca.crt')));
  }
}

describe('the certificate tools', () => {
  it('make what mutual TLS with verification needs', async () => {
    makeAll();
    await using stack = new AsyncDisposableStack();
    const log = new RecordingLog();
    const tls = {
      enabled: true,
      certPath: join(folder, 'tls/server.crt'),
      keyPath: join(folder, 'tls/server.key'),
      mtls: true,
      clientCaCertDir: join(folder, 'tls/clients'),
      verifyClientMspId: true,
    };
    const { credentials, verifier } = await openTrust({ tls, log, stack });
    const channels = { isMember: () => 'ok' as const };
    const server = stack.use(await startTestServer({ credentials, verifier, channels, log }));
    const read = (path: string): Buffer => readFileSync(join(folder, path));
    const codeOf = async (client: string, mspid: string): Promise<status> => {
      const ssl = clientCredentials.createSsl(
        read('ca/server/ca.crt'),
        read(`tls/${client}/client.key`),
        read(`tls/${client}/client.crt`),
      );
      const headers = { mspid, channel: 'mychannel' };
      return (await server.connect({}, ssl).unary('/orchestrator.InfoService/QueryVersion', { headers })).code;
    };
    expect(await codeOf('MyOrg1MSP', 'MyOrg1MSP')).toBe(status.OK);
    expect(await codeOf('MyOrg2MSP', 'MyOrg2MSP')).toBe(status.OK);
    expect(await codeOf('MyOrg1MSP', 'MyOrg2MSP')).toBe(status.PERMISSION_DENIED);
    expect(log.messages('warn')).toEqual([]);
  });

  it('keep keys to their owner, and replace no CA', () => {
    makeAll();
    for (const key of ['ca/server/ca.key', 'tls/server.key', 'ca/MyOrg1MSP/ca.key', 'tls/MyOrg1MSP/client.key'])
      expect(statSync(join(folder, key)).mode & 0o077, key).toBe(0);
    const before = readFileSync(join(folder, 'ca/server/ca.key'), 'utf8');
    expect(() => run('create_ca.sh', ['Server', 'ca/server'])).toThrow(/exists, and is not replaced/);
    expect(readFileSync(join(folder, 'ca/server/ca.key'), 'utf8')).toBe(before);
  });

  it.each([
    ['create_ca.sh', ['My/Org', 'ca/x'], /letters, digits/],
    ['create_ca.sh', ['MyOrg1MSP'], /usage/],
    ['create_client_cert.sh', ['a\nCN = b', 'ca/x', 'tls'], /letters, digits/],
    ['create_client_cert.sh', ['MyOrg1MSP', 'nowhere', 'tls'], /nowhere\/ca\.crt/],
    ['create_server_cert.sh', ['ca/x', 'tls', 'a host'], /is no host/],
    ['download_client_cert.sh', [], /usage/],
  ])('refuse what makes no sense: %s %j', (script, args, message) => {
    expect(() => run(script, args)).toThrow(message);
    expect(existsSync(join(folder, 'tls'))).toBe(false);
  });

  it('take a client certificate from a secret', () => {
    makeAll();
    const encode = (path: string): string => readFileSync(join(folder, path)).toString('base64');
    // A cluster of one secret.
    mkdirSync(join(folder, 'bin'));
    writeFileSync(
      join(folder, 'bin/kubectl'),
      `#!/bin/sh
case "$*" in
  '--context=dev --namespace=org-1 get secret client-cert -o go-template='*tls.crt*) printf %s '${encode('tls/MyOrg1MSP/client.crt')}' ;;
  '--context=dev --namespace=org-1 get secret client-cert -o go-template='*tls.key*) printf %s '${encode('tls/MyOrg1MSP/client.key')}' ;;
  '--context=dev --namespace=org-1 get secret client-cert -o go-template='*ca.crt*) printf %s '${encode('ca/server/ca.crt')}' ;;
  'get secret empty '*) ;;
  *) echo "unexpected: $*" >&2; exit 1 ;;
esac
`,
    );
    chmodSync(join(folder, 'bin/kubectl'), 0o755);
    const environment = { PATH: `${join(folder, 'bin')}:${process.env.PATH ?? ''}` };
    const output = run('download_client_cert.sh', ['-n', 'org-1', '-c', 'dev', 'client-cert', 'mine'], environment);
    expect(output).toMatch(/MyOrg1MSP/);
    for (const [made, original] of [
      ['mine/client.crt', 'tls/MyOrg1MSP/client.crt'],
      ['mine/client.key', 'tls/MyOrg1MSP/client.key'],
      ['mine/ca.crt', 'ca/server/ca.crt'],
    ] as const)
      expect(readFileSync(join(folder, made), 'utf8')).toBe(readFileSync(join(folder, original), 'utf8'));
    expect(() => run('download_client_cert.sh', ['empty', 'other'], environment)).toThrow(/has no tls\.crt/);
    expect(() => run('download_client_cert.sh', ['absent', 'other'], environment)).toThrow(/unexpected/);
  });
});

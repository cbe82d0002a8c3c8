import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError, readConfig, type Variables } from './config.ts';

const NOW = new Date('2026-11-21T12:00:00Z');
const MINIMAL = { CHAINCODE_CCID: 'orchestrator_1:ab', CHAINCODE_ADDRESS: '0.0.0.0:7052' };

let folder: string;
let pair: Record<'TLS_KEY_FILE' | 'TLS_CERT_FILE', string>;
let otherKey: string;

async function makePair(name: string): Promise<{ readonly key: string; readonly cert: string }> {
  const [key, cert] = [join(folder, `${name}.key`), join(folder, `${name}.crt`)];
  const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '3650', '-subj', '/CN=chaincode'];
  await promisify(execFile)('openssl', [...args, '-keyout', key, '-out', cert]);
  return { key, cert };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orchestrator-chaincode-'));
  const { key, cert } = await makePair('one');
  pair = { TLS_KEY_FILE: key, TLS_CERT_FILE: cert };
  otherKey = (await makePair('two')).key;
  await writeFile(join(folder, 'empty'), '');
});

afterAll(() => rm(folder, { recursive: true, force: true }));

function problemsOf(variables: Variables, now = NOW): readonly string[] {
  try {
    readConfig(variables, now);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('the environment', () => {
  it('needs an id and an address, and has defaults for the rest', () => {
    expect(readConfig(MINIMAL, NOW)).toEqual({
      ccid: 'orchestrator_1:ab',
      address: '0.0.0.0:7052',
      tls: undefined,
      logLevel: 'info',
      metricsAddress: undefined,
    });
  });

  it('takes the other name of the id, levels in any case, metrics and an address of IPv6', () => {
    const config = readConfig({ CHAINCODE_ID: 'x:1', CHAINCODE_ADDRESS: '[::1]:0', LOG_LEVEL: 'WARN', METRICS_ENABLED: 'T' }, NOW);
    expect(config).toMatchObject({ ccid: 'x:1', address: '[::1]:0', logLevel: 'warn', metricsAddress: { host: '0.0.0.0', port: 8484 } });
  });

  it('takes key and certificate, with and without the roots of clients', () => {
    const serverOnly = readConfig({ ...MINIMAL, ...pair }, NOW).tls;
    expect([serverOnly?.key.length, serverOnly?.clientCaCerts]).toEqual([expect.any(Number), undefined]);
    const mutual = readConfig({ ...MINIMAL, ...pair, TLS_ROOTCERT_FILE: pair.TLS_CERT_FILE }, NOW).tls;
    expect(mutual?.clientCaCerts).toEqual(mutual?.cert);
  });

  it('with everything wrong is told everything', () => {
    const problems = problemsOf({ CHAINCODE_ADDRESS: 'nowhere', LOG_LEVEL: 'loud', METRICS_ENABLED: 'yes', METRICS_ADDRESS: ':70000', TLS_ROOTCERT_FILE: join(folder, 'none') });
    const names = ['CHAINCODE_CCID', 'CHAINCODE_ADDRESS', 'TLS_KEY_FILE', 'TLS_CERT_FILE', 'TLS_ROOTCERT_FILE', 'LOG_LEVEL', 'METRICS_ENABLED', 'METRICS_ADDRESS'];
    expect(problems.map((problem) => problem.split(' ')[0])).toEqual(names);
  });

  it.each([
    ['two ids', () => ({ CHAINCODE_ID: 'other:1' }), /CHAINCODE_CCID and CHAINCODE_ID differ/u],
    ['an address without port', () => ({ CHAINCODE_ADDRESS: 'localhost' }), /host:port/u],
    ['a port that is none', () => ({ CHAINCODE_ADDRESS: 'localhost:65536' }), /host:port/u],
    ['a key of another certificate', () => ({ ...pair, TLS_KEY_FILE: otherKey }), /does not belong/u],
    ['a key file without a key', () => ({ ...pair, TLS_KEY_FILE: join(folder, 'empty') }), /no PEM private key/u],
    ['a certificate file without one', () => ({ ...pair, TLS_CERT_FILE: join(folder, 'empty') }), /no PEM certificate/u],
    ['roots that are none', () => ({ ...pair, TLS_ROOTCERT_FILE: join(folder, 'empty') }), /no PEM certificate/u],
    ['a folder', () => ({ ...pair, TLS_KEY_FILE: folder }), /EISDIR/u],
  ])('is refused for %s', (_, variables, problem) => {
    expect(problemsOf({ ...MINIMAL, ...variables() })).toEqual([expect.stringMatching(problem)]);
  });

  it('is refused for a certificate that has expired', () => {
    expect(problemsOf({ ...MINIMAL, ...pair }, new Date('2100-01-01T00:00:00Z'))).toEqual([expect.stringMatching(/^TLS_CERT_FILE expired at 20\d\d-/u)]);
  });
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { renderChartReadme } from './chart-readme.ts';
import { profiles } from './chart.ts';
import { allBlocks, type Block } from './docs/blocks.ts';
import { chart } from './paths.ts';

type Values = { readonly [key: string]: unknown };

const defaults = parse(readFileSync(join(chart, 'values.yaml'), 'utf8')) as Values;
const schema = JSON.parse(readFileSync(join(chart, 'values.schema.json'), 'utf8')) as { readonly [key: string]: unknown; readonly properties: Values };
const validate = new Ajv({ allErrors: true, strict: false }).compile(schema);

/** As helm lays values over the defaults. */
function over(base: Values, changes: Values): Values {
  const isMap = (value: unknown): value is Values => typeof value === 'object' && value !== null && !Array.isArray(value);
  const entries = Object.entries(changes).map(([key, value]) => {
    const old = base[key];
    return [key, isMap(old) && isMap(value) ? over(old, value) : value] as const;
  });
  return { ...base, ...Object.fromEntries(entries) };
}

function problemsOf(changes: Values): readonly string[] {
  validate(over(defaults, changes));
  return (validate.errors ?? []).map(({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`);
}

/** What the pages of operation show as YAML are values of the chart. */
function valuesOfPages(): readonly Block[] {
  return allBlocks().filter(({ page, language }) => page.startsWith('docs/operations/') && language === 'yaml');
}

const distributedWithBroker = { mode: 'distributed', broker: { enabled: true, url: 'amqp://u:p@h/v' } };
const tls = { enabled: true, secretName: 'tls' };

describe('the schema of the values', () => {
  it('takes the defaults', () => {
    expect(problemsOf({})).toEqual([]);
  });

  it.each(profiles().map((profile) => [profile.name, profile] as const))('takes the profile %s', (_, { file }) => {
    expect(problemsOf(parse(readFileSync(file, 'utf8')) as Values)).toEqual([]);
  });

  it.each(valuesOfPages().map(({ page, line, text }) => [`${page}:${line}`, text] as const))('takes the values that %s shows', (_, text) => {
    expect(problemsOf(parse(text) as Values)).toEqual([]);
  });

  it('knows every default value, and no other', () => {
    expect(Object.keys(schema.properties).filter((name) => name !== 'global').toSorted()).toEqual(Object.keys(defaults).toSorted());
  });

  it.each([
    ['two servers with a broker in distributed mode', { ...distributedWithBroker, replicaCount: 2 }, '/replicaCount'],
    ['a database in distributed mode', { mode: 'distributed', database: { url: 'postgres://u:p@h/d' } }, '/database/url'],
    ['a Fabric organization in standalone mode', { fabric: { mspid: 'MyOrg1MSP' } }, '/fabric/mspid'],
    ['an Ingress without TLS', { ingress: { enabled: true, hosts: ['a.example'] } }, '/ingress/enabled'],
    ['client certificates without TLS', { tls: { clientCertificates: { required: true } } }, '/tls/clientCertificates/required'],
    ['a certificate for nothing', { tls: { certManager: { enabled: true } } }, '/tls/certManager/enabled'],
    ['a monitor of no metrics', { metrics: { enabled: false, serviceMonitor: { enabled: true } } }, '/metrics/serviceMonitor/enabled'],
    ['an unknown value', { replicas: 3 }, 'additional properties'],
    ['an unknown value inside', { tls: { ...tls, certificate: 'x' } }, '/tls must NOT have additional properties'],
    ['an address of another database', { database: { url: 'mysql://h/d' } }, '/database/url'],
    ['a channel without members', { channels: { mychannel: [] } }, '/channels/mychannel'],
    ['a member with a comma', { channels: { mychannel: ['a,b'] } }, '/channels/mychannel'],
    ['a CA from nowhere', { tls: { ...tls, clientCertificates: { required: true, caCertificates: { A: [{ key: 'ca.crt' }] } } } }, '/tls/clientCertificates/caCertificates/A/0'],
    ['a setting of something else', { settings: { PATH: '/' } }, '/settings'],
    ['a digest that is none', { image: { digest: 'latest' } }, '/image/digest'],
  ])('refuses %s', (_, changes, where) => {
    expect(problemsOf(changes).join('\n')).toContain(where);
  });

  it('takes one server with a broker in distributed mode, and more without', () => {
    expect(problemsOf(distributedWithBroker)).toEqual([]);
    expect(problemsOf({ mode: 'distributed', replicaCount: 3 })).toEqual([]);
  });
});

describe("the chart's README", () => {
  it('is what values.yaml says: npm run chart-docs -w @orchestrator/deploy', () => {
    const head = readFileSync(join(import.meta.dirname, '../chart-readme-head.md'), 'utf8');
    const made = renderChartReadme(head, readFileSync(join(chart, 'values.yaml'), 'utf8'));
    expect(readFileSync(join(chart, 'README.md'), 'utf8')).toBe(made);
  });

  it('tells of every value', () => {
    const made = renderChartReadme('', readFileSync(join(chart, 'values.yaml'), 'utf8'));
    expect(made).toContain('| `mode` | `"standalone"` | `standalone` keeps everything in PostgreSQL;');
    expect(made).toContain('| `tls.certManager.enabled` | `false` | Let cert-manager make');
    expect(made).toContain('| `broker.reconciler.existingSecret.key` | `"managementUrl"` | Its key. |');
  });
});

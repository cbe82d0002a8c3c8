import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { profiles, release, render } from '../chart.ts';
import type { Profile } from '../chart.ts';
import type { Check } from '../check.ts';
import { Cluster } from '../cluster.ts';
import { chart, root } from '../paths.ts';
import { waitFor } from '../wait.ts';
import { definitionFiles } from './schemas.ts';

const TIMEOUT = '60s';

/** The chart against a real API server, which is started once for all of these. */
export function clusterChecks(cluster: () => Promise<Cluster>): readonly Check[] {
  const named = (what: string, run: (cluster: Cluster) => Promise<void>): Check => ({ name: `cluster: ${what}`, run: async () => run(await cluster()) });
  return [
    ...profiles().map((profile) => named(`${profile.name}, server-side dry run with strict validation`, (one) => dryRun(one, profile))),
    ...examples().map((file) => named(`${file}, server-side dry run with strict validation`, async (one) => strictly(one, await readFile(join(root, file), 'utf8')))),
    named('the dry run refuses what is wrong', refusesFaults),
    ...profiles().filter(canRun).map((profile) => named(`${profile.name}, install, upgrade, rollback, uninstall`, (one) => lifeCycle(one, profile))),
  ];
}

/** Nobody provides volumes here, so nothing that needs one becomes ready. The examples differ in nothing that matters to this. */
function canRun({ name }: Profile): boolean {
  return name !== 'distributed-broker' && !name.startsWith('skaffold-');
}

/** A cluster that knows the chart's custom resources and holds pods to the strictest standard. */
export async function startCluster(): Promise<Cluster> {
  const cluster = await Cluster.start();
  try {
    for (const file of await definitionFiles()) await cluster.apply(await readFile(file, 'utf8'));
    for (const name of ['default', 'orchestrator']) await cluster.apply(namespace(name), '--force-conflicts');
    return cluster;
  } catch (error) {
    await cluster[Symbol.asyncDispose]();
    throw error;
  }
}

function namespace(name: string): string {
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted', 'pod-security.kubernetes.io/warn': 'restricted' };
  return JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });
}

async function dryRun(cluster: Cluster, profile: Profile): Promise<void> {
  await strictly(cluster, await render(profile));
}

async function strictly(cluster: Cluster, manifests: string): Promise<void> {
  const said = await cluster.apply(manifests, '--dry-run=server', '--validate=strict');
  if (said.includes('Warning')) throw new Error(said);
}

/** The manifests of the development services. */
function examples(): readonly string[] {
  return globSync('examples/kubernetes/development/*.yaml', { cwd: root }).toSorted();
}

/** The check itself, checked: it has to find an unknown field, a bad value, and a pod that may become root. */
async function refusesFaults(cluster: Cluster): Promise<void> {
  const profile = profiles().find(({ name }) => name === 'standalone-full');
  if (profile === undefined) throw new Error('the profile standalone-full is missing');
  const good = await render(profile);
  const faults = [
    { from: 'interval: 30s', to: 'interval: half a minute', says: 'interval' },
    { from: 'revisionHistoryLimit: 5', to: 'revisionHistoryLimits: 5', says: 'not declared in schema' },
    { from: 'pathType: Prefix', to: 'pathType: Prefixed', says: 'pathType' },
    { from: 'allowPrivilegeEscalation: false', to: 'allowPrivilegeEscalation: true', says: 'PodSecurity' },
  ];
  for (const { from, to, says } of faults) {
    const bad = good.replaceAll(from, to);
    if (bad === good) throw new Error(`the manifests do not hold "${from}"`);
    const said = await cluster.apply(bad, '--dry-run=server', '--validate=strict').catch((error: unknown) => String(error));
    if (!said.includes(says)) throw new Error(`"${to}" was let through:\n${said}`);
  }
}

async function lifeCycle(cluster: Cluster, profile: Profile): Promise<void> {
  const common = [release, chart, '--values', profile.file, '--wait', '--timeout', TIMEOUT];
  try {
    await cluster.helm(['install', ...common]);
    await cluster.helm(['upgrade', ...common, '--set', 'podAnnotations.round=two,image.tag=0.2.0,image.digest=']);
    await expectImage(cluster, ':0.2.0');
    await cluster.helm(['rollback', release, '1', '--wait', '--timeout', TIMEOUT]);
  } finally {
    await cluster.helm(['uninstall', release, '--ignore-not-found', '--wait', '--timeout', TIMEOUT]);
  }
  await waitFor(async () => {
    const { stdout } = await cluster.kubectl(['get', 'all,secrets,configmaps,certificates,servicemonitors', '--selector', `app.kubernetes.io/instance=${release}`, '--output', 'name']);
    if (stdout.trim() !== '') throw new Error(`still there: ${stdout.trim()}`);
    return true;
  }, { what: 'everything is gone after the uninstall', timeoutMs: 30_000 });
}

async function expectImage(cluster: Cluster, end: string): Promise<void> {
  const path = '{.items[?(@.metadata.labels.app\\.kubernetes\\.io/component=="server")].spec.template.spec.containers[0].image}';
  const { stdout } = await cluster.kubectl(['get', 'deployments', '--output', `jsonpath=${path}`]);
  if (!stdout.endsWith(end)) throw new Error(`after the upgrade the server's image is ${JSON.stringify(stdout)}`);
}

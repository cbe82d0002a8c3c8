import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cluster } from '../cluster.ts';
import { makePair } from '../pod-files.ts';
import { blocksOf } from './blocks.ts';
import type { Desk } from './desk.ts';
import { expectIn, type Scene } from './scene.ts';

const install = 'docs/operations/install.md';
const upgrade = 'docs/operations/upgrade.md';

/** Commands that an API server is enough for: no container has to run behind them. */
export function clusterScenes(cluster: () => Promise<Cluster>): readonly Scene[] {
  return [
    { name: 'install, upgrade and rollback as the pages tell', play: async (desk) => lifeCycle(desk, await cluster()) },
    { name: "a client's certificate out of a Secret", play: async (desk) => certificate(desk, await cluster()) },
  ];
}

async function provideClients(desk: Desk, cluster: Cluster): Promise<Readonly<Record<string, string>>> {
  const { programs, env } = cluster.clients;
  for (const [name, path] of Object.entries(programs)) await desk.provide(name, `#!/bin/sh\nexec ${path} "$@"\n`);
  return env;
}

async function lifeCycle(desk: Desk, cluster: Cluster): Promise<void> {
  const env = await provideClients(desk, cluster);
  const values = blocksOf(install, await readFile(join(desk.folder, install), 'utf8')).find(({ language, text }) => language === 'yaml' && text.startsWith('replicaCount'));
  await desk.write('values.yaml', values?.text ?? '');
  try {
    await desk.run({ page: install, begins: 'kubectl create secret generic orchestrator-database', env });
    expectIn(await desk.run({ page: install, begins: 'helm install', env }), 'STATUS: deployed', 'grpcurl');
    await desk.run({ page: upgrade, begins: 'helm upgrade', env });
    expectIn(await imageOf(cluster), ':0.2.0');
    await desk.run({ page: upgrade, begins: 'helm rollback', env });
    expectIn(await imageOf(cluster), ':0.1.0');
  } finally {
    await cluster.helm(['uninstall', 'orchestrator', '--ignore-not-found', '--wait', '--timeout', '60s']);
    await cluster.kubectl(['delete', 'secret', 'orchestrator-database', '--ignore-not-found']);
  }
}

async function imageOf(cluster: Cluster): Promise<string> {
  return (await cluster.kubectl(['get', 'deployment', 'orchestrator', '--output', 'jsonpath={.spec.template.spec.containers[0].image}'])).stdout;
}

async function certificate(desk: Desk, cluster: Cluster): Promise<void> {
  const env = await provideClients(desk, cluster);
  const secrets = [
    { page: 'docs/certificates.md', begins: 'examples/tools/download', namespace: 'org-1', name: 'orchestrator-client-cert', folder: 'tls/org1' },
    { page: 'docs/operations/certificates.md', begins: 'sh examples/tools/download', namespace: 'orchestrator', name: 'client-org-1', folder: 'certificates' },
  ];
  await cluster.kubectl(['create', 'namespace', 'org-1']);
  const pair = await makePair(desk.folder);
  const [pem, key] = await Promise.all([pair.certificate, pair.key].map((file) => readFile(file, 'utf8')));
  const data = { 'tls.crt': pem ?? '', 'tls.key': key ?? '', 'ca.crt': pem ?? '' };
  for (const { page, begins, namespace, name, folder } of secrets) {
    const literals = Object.entries(data).map(([key, value]) => `--from-literal=${key}=${value}`);
    await cluster.kubectl(['create', 'secret', 'generic', name, '--namespace', namespace, ...literals]);
    await desk.run({ page, begins, env });
    const files = await Promise.all(['client.crt', 'client.key', 'ca.crt'].map((file) => readFile(join(desk.folder, folder, file), 'utf8')));
    if (files.join() !== Object.values(data).join()) throw new Error(`${page}: the files are not what the Secret has`);
    await cluster.kubectl(['delete', 'secret', name, '--namespace', namespace]);
  }
  await cluster.kubectl(['delete', 'namespace', 'org-1', '--wait=false']);
}

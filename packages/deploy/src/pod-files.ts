import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Container, EnvVar, Manifest, PodSpec } from './chart.ts';
import { runOk } from './run.ts';

/** A pod's containers as they would find their files, with the folder that stands for their root. */
export interface PodFiles {
  readonly folder: string;
  /** Rendered ConfigMaps and Secrets, for what they hold. */
  readonly manifests: readonly Manifest[];
}

interface Items {
  readonly name?: string;
  readonly items?: readonly { readonly key: string; readonly path: string }[];
}

interface Volume {
  readonly name: string;
  readonly configMap?: Items;
  readonly secret?: { readonly secretName: string };
  readonly projected?: { readonly sources: readonly { readonly configMap?: Items; readonly secret?: Items }[] };
}

/** What Secrets that the operator makes hold in these checks, by their keys. The pair belongs together. */
const standIns: Readonly<Record<string, string>> = {
  'tls.crt': 'certificate.pem',
  'ca.crt': 'certificate.pem',
  'cert.pem': 'certificate.pem',
  'cacert.pem': 'certificate.pem',
  'tls.key': 'key.pem',
  'key.pem': 'key.pem',
};

const networkStandIn = (certificate: string): string => JSON.stringify({
  organizations: { MyOrg1MSP: { mspid: 'MyOrg1MSP', peers: ['peer1'] } },
  peers: { peer1: { url: 'grpcs://peer1:7051', tlsCACerts: { pem: certificate } } },
});

/** A certificate for a minute and more, with its key. */
export async function makePair(folder: string): Promise<{ readonly certificate: string; readonly key: string }> {
  const [certificate, key] = [join(folder, 'certificate.pem'), join(folder, 'key.pem')];
  const subject = ['-subj', '/O=MyOrg1MSP/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', ...subject, '-keyout', key, '-out', certificate];
  await runOk({ command: 'openssl', args });
  return { certificate, key };
}

/**
 * Writes the volumes of a pod below a folder, each at its mount path. Needs a pair of `makePair` in that folder.
 */
export async function writeVolumes(spec: PodSpec, container: Container, files: PodFiles): Promise<void> {
  const pair = new Map<string, string>();
  for (const name of ['certificate.pem', 'key.pem']) pair.set(name, await readFile(join(files.folder, name), 'utf8'));
  for (const { name, mountPath } of container.volumeMounts ?? []) {
    const volume = (spec.volumes ?? []).find((one) => one.name === name) as Volume | undefined;
    if (volume === undefined) throw new Error(`the volume ${name} is not declared`);
    await mkdir(join(files.folder, mountPath), { recursive: true });
    for (const [path, content] of contentOf(volume, files.manifests, pair)) {
      const target = join(files.folder, mountPath, path);
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, content.replaceAll('/etc/orchestrator/', `${files.folder}/etc/orchestrator/`), { mode: 0o600 });
    }
  }
}

type Files = ReadonlyMap<string, string>;

function contentOf({ configMap, secret, projected }: Volume, manifests: readonly Manifest[], pair: Files): Files {
  if (configMap !== undefined) return dataOf({ kind: 'ConfigMap', name: configMap.name ?? '' }, manifests, pair);
  if (secret !== undefined) return dataOf({ kind: 'Secret', name: secret.secretName }, manifests, pair);
  const items = (projected?.sources ?? []).flatMap((source) => (source.configMap ?? source.secret)?.items ?? []);
  return new Map(items.map(({ key, path }) => [path, pair.get(standIns[key] ?? '') ?? `no stand-in for ${key}`]));
}

function dataOf({ kind, name }: { readonly kind: string; readonly name: string }, manifests: readonly Manifest[], pair: Files): Files {
  const rendered = manifests.find((manifest) => manifest.kind === kind && manifest.metadata.name === name);
  if (rendered !== undefined) return new Map(Object.entries((rendered['data'] ?? rendered['stringData'] ?? {}) as Record<string, string>));
  const made = Object.entries(standIns).map(([key, file]) => [key, pair.get(file) ?? ''] as const);
  if (kind === 'Secret') return new Map([...made, ['MyOrg1MSP', 'a password']]);
  return new Map([['network.yaml', networkStandIn(pair.get('certificate.pem') ?? '')], ['channels.yaml', 'channels: {mychannel: [MyOrg1MSP]}']]);
}

const secretStandIns: Readonly<Record<string, string>> = {
  ORCHESTRATOR_DATABASE_URL: 'postgres://user:password@127.0.0.1:1/orchestrator',
  ORCHESTRATOR_AMQP_DSN: 'amqp://user:password@127.0.0.1:1/vhost',
  ORCHESTRATOR_RABBITMQ_MANAGEMENT_URL: 'http://user:password@127.0.0.1:1',
};

/** The variables of a container, with paths below the folder. @throws Error when a value comes from nowhere. */
export function environmentOf({ env = [] }: Container, { folder, manifests }: PodFiles): Readonly<Record<string, string>> {
  const moved = (value: string): string => (/^\/(etc\/orchestrator|var\/lib)\//.test(value) ? join(folder, value) : value);
  return Object.fromEntries(env.map((variable) => [variable.name, moved(variable.value ?? secretOf(variable, manifests))]));
}

function secretOf({ name, valueFrom }: EnvVar, manifests: readonly Manifest[]): string {
  const ref = valueFrom?.secretKeyRef;
  if (ref === undefined) throw new Error(`${name} has neither a value nor a Secret`);
  const rendered = manifests.find(({ kind, metadata }) => kind === 'Secret' && metadata.name === ref.name);
  const value = rendered === undefined ? secretStandIns[name] : (rendered['stringData'] as Record<string, string>)[ref.key];
  if (value === undefined) throw new Error(`${name} comes from the key ${ref.key} of the Secret ${ref.name}, which is not there`);
  return value;
}

import { cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { runOk } from '../run.ts';
import { fromWheel, goSources, goTools } from '../tools.ts';

/** The custom resources that the chart makes, as files of the sources that define them. */
const definitions = [
  { module: 'github.com/cert-manager/cert-manager', files: ['deploy/crds/cert-manager.io_certificates.yaml', 'deploy/crds/cert-manager.io_issuers.yaml', 'deploy/crds/cert-manager.io_clusterissuers.yaml'] },
  {
    module: 'github.com/prometheus-operator/prometheus-operator',
    files: ['example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml', 'example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml'],
  },
] as const;

/** Files with the definitions of the custom resources. @throws MissingTool */
export async function definitionFiles(): Promise<readonly string[]> {
  const folders = await Promise.all(definitions.map(async ({ module, files }) => {
    const folder = await goSources(module, 'crds');
    return files.map((file) => join(folder, file));
  }));
  return folders.flat();
}

/**
 * Checks manifests against the schemas of Kubernetes and of the custom resources, unknown fields included.
 *
 * @throws Error with all that is wrong with them.
 */
export async function validateOffline(manifests: string): Promise<void> {
  const { kubeconform = '' } = await goTools('kubeconform');
  const folder = await mkdtemp(join(tmpdir(), 'orchestrator-schemas-'));
  try {
    await writeKubernetesSchemas(join(folder, 'kubernetes'));
    await writeCustomSchemas(join(folder, 'custom'));
    const name = '{{.ResourceKind}}{{.KindSuffix}}.json';
    const locations = [join(folder, 'kubernetes', name), join(folder, 'custom', name)].flatMap((location) => ['-schema-location', location]);
    await runOk({ command: kubeconform, args: ['-strict', '-summary', '-kubernetes-version', '1.36.0', ...locations, '-'], input: manifests });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The schemas as they are packaged name each other in a way that kubeconform does not follow. */
async function writeKubernetesSchemas(folder: string): Promise<void> {
  await cp(await fromWheel('schemas'), folder, { recursive: true });
  for (const file of await readdir(folder)) {
    const schema: unknown = JSON.parse(await readFile(join(folder, file), 'utf8'), (key, value: unknown) => {
      if (key === '$id') return undefined;
      return key === '$ref' && typeof value === 'string' ? value.replace(/^.*\/_definitions\.json/, '_definitions.json') : value;
    });
    await writeFile(join(folder, file), JSON.stringify(schema));
  }
}

interface Definition {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string };
    readonly versions: readonly { readonly name: string; readonly schema: { readonly openAPIV3Schema: unknown } }[];
  };
}

async function writeCustomSchemas(folder: string): Promise<void> {
  await mkdir(folder);
  for (const file of await definitionFiles()) {
    const documents = parseAllDocuments(await readFile(file, 'utf8'));
    for (const document of Array.isArray(documents) ? documents : []) {
      const { spec } = document.toJS() as Definition;
      for (const { name, schema } of spec.versions) {
        const target = `${spec.names.kind}-${spec.group.split('.')[0]}-${name}.json`.toLowerCase();
        await writeFile(join(folder, target), JSON.stringify(strict(schema.openAPIV3Schema)));
      }
    }
  }
}

/** The API server refuses fields that a schema does not name, which JSON schemas have to say. */
function strict(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(strict);
  if (typeof schema !== 'object' || schema === null) return schema;
  const entries = Object.entries(schema).map(([key, value]) => [key, strict(value)] as const);
  const copy: Readonly<Record<string, unknown>> = Object.fromEntries(entries);
  if (copy['x-kubernetes-int-or-string'] === true) return { oneOf: [{ type: 'string' }, { type: 'integer' }] };
  const isClosed = typeof copy['properties'] === 'object' && copy['x-kubernetes-preserve-unknown-fields'] !== true && copy['type'] === 'object';
  return isClosed && copy['additionalProperties'] === undefined ? { ...copy, additionalProperties: false } : copy;
}

import { globSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { chart, root } from './paths.ts';
import { runOk } from './run.ts';
import { goTools, kubernetesVersion } from './tools.ts';

const exampleValues = join(root, 'examples/kubernetes/values');

/** Values that the chart is checked with. */
export interface Profile {
  readonly name: string;
  readonly file: string;
}

/** The profiles in the chart's folder `ci`, and those of skaffold.yaml. */
export function profiles(): readonly Profile[] {
  const own = globSync('ci/*-values.yaml', { cwd: chart }).toSorted().map((file) => ({ name: basename(file, '-values.yaml'), file: join(chart, file) }));
  const examples = globSync('{standalone,distributed-*}.yaml', { cwd: exampleValues }).toSorted();
  return [...own, ...examples.map((file) => ({ name: `skaffold-${basename(file, '.yaml')}`, file: join(exampleValues, file) }))];
}

/** As much of a Kubernetes object as is common to all. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>>; readonly annotations?: Readonly<Record<string, string>> };
  readonly [key: string]: unknown;
}

/** The name that all checks give to the release. */
export const release = 'check';

/** What helm makes of the chart and a profile. @throws Error with helm's message */
export async function render(profile: Profile, ...more: readonly string[]): Promise<string> {
  const { helm = '' } = await goTools('helm');
  return runOk({ command: helm, args: ['template', release, chart, '--namespace', 'default', '--kube-version', kubernetesVersion, '--values', profile.file, ...more] });
}

/** The objects in a stream of YAML documents. @throws Error when it is no YAML, or a key is there twice. */
export function parseManifests(text: string): readonly Manifest[] {
  const documents = parseAllDocuments(text);
  return (Array.isArray(documents) ? documents : []).flatMap((document) => {
    const [fault] = document.errors;
    if (fault !== undefined) throw fault;
    const value = document.toJS() as Manifest | null;
    return value === null ? [] : [value];
  });
}

export interface EnvVar {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly secretKeyRef?: { readonly name: string; readonly key: string } };
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly args?: readonly string[];
  readonly env?: readonly EnvVar[];
  readonly resources?: { readonly requests?: object; readonly limits?: { readonly memory?: string } };
  readonly securityContext?: {
    readonly allowPrivilegeEscalation?: boolean;
    readonly readOnlyRootFilesystem?: boolean;
    readonly capabilities?: { readonly drop?: readonly string[] };
  };
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
}

export interface PodSpec {
  readonly serviceAccountName?: string;
  readonly automountServiceAccountToken?: boolean;
  readonly securityContext?: { readonly runAsNonRoot?: boolean; readonly runAsUser?: number; readonly seccompProfile?: { readonly type: string } };
  readonly initContainers?: readonly Container[];
  readonly containers: readonly Container[];
  readonly volumes?: readonly { readonly name: string }[];
}

/** The pods that an object makes or is. */
export function podSpecOf(manifest: Manifest): PodSpec | undefined {
  if (manifest.kind === 'Pod') return manifest['spec'] as PodSpec;
  const spec = manifest['spec'] as { readonly template?: { readonly spec?: PodSpec } } | undefined;
  return spec?.template?.spec;
}

/** All containers of a pod. */
export function containersOf(spec: PodSpec): readonly Container[] {
  return [...(spec.initContainers ?? []), ...spec.containers];
}

import { containersOf, podSpecOf } from './chart.ts';
import type { Container, Manifest, PodSpec } from './chart.ts';

/** What operators must be able to take for granted of every pod; one sentence for each that is not so. */
export function policyProblems(manifests: readonly Manifest[]): readonly string[] {
  return manifests.flatMap((manifest) => {
    const spec = podSpecOf(manifest);
    if (spec === undefined) return [];
    const where = `${manifest.kind} ${manifest.metadata.name}`;
    return [...podProblems(spec), ...containersOf(spec).flatMap(containerProblems)].map((problem) => `${where}: ${problem}`);
  });
}

function podProblems({ automountServiceAccountToken, serviceAccountName, securityContext, volumes = [], ...spec }: PodSpec): readonly string[] {
  const mounted = new Set(containersOf(spec).flatMap(({ volumeMounts = [] }) => volumeMounts.map(({ name }) => name)));
  const declared = new Set(volumes.map(({ name }) => name));
  return problems({
    'it has the default service account': serviceAccountName === undefined || serviceAccountName === 'default',
    'it gets a token of its service account': automountServiceAccountToken !== false,
    'it may run as root': securityContext?.runAsNonRoot !== true || (securityContext.runAsUser ?? 0) < 1000,
    'it has no seccomp profile': securityContext?.seccompProfile?.type !== 'RuntimeDefault',
    'a mounted volume is not declared': [...mounted].some((name) => !declared.has(name)),
    'a declared volume is not mounted': [...declared].some((name) => !mounted.has(name)),
  });
}

function containerProblems({ name, image, resources, securityContext }: Container): readonly string[] {
  return problems({
    'it has no memory limit': resources?.limits?.memory === undefined,
    'it requests nothing': Object.keys(resources?.requests ?? {}).length === 0,
    'it may gain privileges': securityContext?.allowPrivilegeEscalation !== false,
    'its root is not read-only': securityContext?.readOnlyRootFilesystem !== true,
    'it keeps capabilities': securityContext?.capabilities?.drop?.includes('ALL') !== true,
    'its image has no tag or "latest"': !/:(?!latest$)[\w.-]+$|@sha256:[0-9a-f]{64}$/.test(image),
  }).map((problem) => `container ${name}: ${problem}`);
}

function problems(found: Readonly<Record<string, boolean>>): readonly string[] {
  return Object.entries(found).flatMap(([problem, isSo]) => (isSo ? [problem] : []));
}

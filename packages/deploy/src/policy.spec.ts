import { expect, it } from 'vitest';
import { runChecks } from './check.ts';
import type { Container, Manifest, PodSpec } from './chart.ts';
import { policyProblems } from './policy.ts';
import { MissingTool } from './tools.ts';

const container: Container = {
  name: 'server',
  image: 'registry.example/server:1.0.0',
  resources: { requests: { cpu: '1' }, limits: { memory: '1Gi' } },
  securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
  volumeMounts: [{ name: 'data', mountPath: '/data' }],
};
const pod: PodSpec = {
  serviceAccountName: 'server',
  automountServiceAccountToken: false,
  securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
  containers: [container],
  volumes: [{ name: 'data' }],
};

function deployment(spec: PodSpec): Manifest {
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd' }, spec: { template: { spec } } };
}

it('has nothing against a pod that is as it should be, or against what is no pod', () => {
  expect(policyProblems([deployment(pod), { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' } }])).toEqual([]);
});

it.each<readonly [string, Partial<PodSpec>]>([
  ['it has the default service account', { serviceAccountName: 'default' }],
  ['it gets a token of its service account', { automountServiceAccountToken: true }],
  ['it may run as root', { securityContext: { ...pod.securityContext, runAsUser: 0 } }],
  ['it has no seccomp profile', { securityContext: { runAsNonRoot: true, runAsUser: 1000 } }],
  ['a mounted volume is not declared', { volumes: [] }],
  ['a declared volume is not mounted', { volumes: [{ name: 'data' }, { name: 'other' }] }],
])('finds a pod of which is true: %s', (problem, change) => {
  expect(policyProblems([deployment({ ...pod, ...change })])).toEqual([`Deployment d: ${problem}`]);
});

it.each<readonly [string, Partial<Container>]>([
  ['it has no memory limit', { resources: { requests: { cpu: '1' } } }],
  ['it requests nothing', { resources: { limits: { memory: '1Gi' } } }],
  ['it may gain privileges', { securityContext: { ...container.securityContext, allowPrivilegeEscalation: true } }],
  ['its root is not read-only', { securityContext: { ...container.securityContext, readOnlyRootFilesystem: false } }],
  ['it keeps capabilities', { securityContext: { ...container.securityContext, capabilities: { drop: ['NET_RAW'] } } }],
  ['its image has no tag or "latest"', { image: 'server:latest' }],
])('finds a container, also one that goes before the others, of which is true: %s', (problem, change) => {
  const bad = { ...container, ...change };
  const expected = [`Deployment d: container server: ${problem}`];
  expect(policyProblems([deployment({ ...pod, containers: [bad] })])).toEqual(expected);
  expect(policyProblems([deployment({ ...pod, initContainers: [bad] })])).toEqual(expected);
});

it('tells what failed from what could not be checked', async () => {
  const said: string[] = [];
  const checks = [
    { name: 'good', run: () => Promise.resolve() },
    { name: 'bad', run: () => Promise.reject(new Error('no')) },
    { name: 'unknown', run: () => Promise.reject(new MissingTool('there is no tool')) },
  ];
  const outcome = await runChecks(checks, (line) => said.push(line));
  expect(outcome).toEqual({ passed: 1, failed: ['bad: no'], missing: ['unknown: there is no tool'] });
  expect(said).toEqual(['ok       good', 'FAILED   bad: no', 'MISSING  unknown: there is no tool']);
});

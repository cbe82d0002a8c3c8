import { parseManifests, podSpecOf, profiles, render } from '../chart.ts';
import type { Profile } from '../chart.ts';
import { type Check, expectNone } from '../check.ts';
import { chart } from '../paths.ts';
import { policyProblems } from '../policy.ts';
import { runOk } from '../run.ts';
import { goTools, kubernetesVersion } from '../tools.ts';
import { environmentProblems } from './environment.ts';
import { validateOffline } from './schemas.ts';

/** The chart without a cluster. */
export function chartChecks(): readonly Check[] {
  return [...profiles().flatMap(checksOf), { name: 'chart: unit tests of the templates', run: unitTests }];
}

function checksOf(profile: Profile): readonly Check[] {
  const named = (what: string, run: () => Promise<void>): Check => ({ name: `chart, ${profile.name}: ${what}`, run });
  return [
    named('helm lint', () => lint(profile)),
    named('manifests by their schemas, custom resources included', async () => validateOffline(await render(profile))),
    named('policies', async () => expectNone(policyProblems(parseManifests(await render(profile))))),
    named("rendered environment by the server's own parser", async () => expectNone(await environmentProblems(parseManifests(await render(profile))))),
    named('pods are there', async () => {
      const pods = parseManifests(await render(profile)).filter((manifest) => podSpecOf(manifest) !== undefined);
      if (pods.length < 2) throw new Error(`only ${pods.length} objects with pods: the profile renders too little to prove anything`);
    }),
  ];
}

async function lint(profile: Profile): Promise<void> {
  const { helm = '' } = await goTools('helm');
  await runOk({ command: helm, args: ['lint', chart, '--strict', '--kube-version', kubernetesVersion, '--values', profile.file] });
}

async function unitTests(): Promise<void> {
  const { 'helm-unittest': unittest = '' } = await goTools('helm-unittest');
  const output = await runOk({ command: unittest, args: ['--strict', '--file', 'unit-tests/*_test.yaml', chart] });
  if (!/Tests:\s+[1-9]\d* passed/.test(output)) throw new Error(`no test ran:\n${output}`);
}

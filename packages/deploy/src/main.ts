/** `npm run test:deploy`: everything that needs tools beyond Node. With words, only the checks that have one of them in their names. */
import { chartChecks } from './checks/chart-checks.ts';
import { clusterChecks, startCluster } from './checks/cluster-checks.ts';
import { docsChecks } from './checks/docs-checks.ts';
import { startCheck } from './checks/environment.ts';
import { imageChecks } from './checks/image-checks.ts';
import { observabilityChecks } from './checks/observability-checks.ts';
import { upgradeChecks } from './checks/upgrade-checks.ts';
import { runChecks } from './check.ts';
import type { Cluster } from './cluster.ts';

await using stack = new AsyncDisposableStack();
// Whoever interrupts the checks must not find a cluster left over.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stack.disposeAsync().finally(() => process.exit(1)));
let starting: Promise<Cluster> | undefined;
/** Starts it when the first check wants it. */
const cluster = (): Promise<Cluster> => (starting ??= startCluster().then((started) => stack.use(started)));

const words = process.argv.slice(2);
const all = [...chartChecks(), startCheck, ...upgradeChecks(), ...clusterChecks(cluster), ...observabilityChecks(), ...imageChecks(), ...docsChecks(cluster)];
const chosen = words.length === 0 ? all : all.filter(({ name }) => words.some((word) => name.includes(word)));
const { passed, failed, missing } = await runChecks(chosen, (line) => console.log(line));
if (failed.length > 0) console.log(`\nFailed:\n${failed.join('\n')}`);
if (missing.length > 0) console.log(`\nNOT CHECKED, since something is missing on this machine:\n${missing.join('\n')}`);
console.log(`\n${passed} passed, ${failed.length} failed, ${missing.length} not checked`);
process.exitCode = failed.length === 0 ? 0 : 1;

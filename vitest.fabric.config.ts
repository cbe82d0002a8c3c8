import { defineConfig, mergeConfig } from 'vitest/config';
import { project } from './vitest.shared.ts';

/** Tests that run on the development ledger in `npm test`, and here on the real network as well. */
const onEither = ['outages', 'contention', 'bad-input', 'events/ledger', 'events/facade-stream', 'broker/facade'];

const include = [
  '{apps,packages}/*/src/**/*.fabric.spec.ts',
  '{bench,e2e,tools}/src/**/*.fabric.spec.ts',
  ...onEither.map((name) => `apps/orchestrator/src/distributed/${name}.spec.ts`),
];

/** The tests on a network of Fabric's own processes, one file at a time: each starts networks of its own. */
export default mergeConfig(
  project({ name: 'fabric', rabbitmq: true, include }),
  defineConfig({ test: { fileParallelism: false, env: { ORCHESTRATOR_TEST_LEDGER: 'fabric' } } }),
);

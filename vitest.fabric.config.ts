import { defineConfig, mergeConfig } from 'vitest/config';
import { project } from './vitest.shared.ts';

const include = ['{apps,packages}/*/src/**/*.fabric.spec.ts', '{bench,e2e,tools}/src/**/*.fabric.spec.ts'];

/** The tests on a network of Fabric's own processes, one file at a time: each starts networks of its own. */
export default mergeConfig(project({ name: 'fabric', include }), defineConfig({ test: { fileParallelism: false } }));

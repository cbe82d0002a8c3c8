export { type Difference, differencesOf, type Json, type ProbeRecord, readGolden } from './golden.ts';
export { type ProbeRun, type ProbeRunOptions, runProbes, sectionNames } from './runner.ts';

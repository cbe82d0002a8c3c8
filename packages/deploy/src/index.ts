export { runChecks } from './check.ts';
export type { Check, Outcome } from './check.ts';

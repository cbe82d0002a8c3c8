export type * from './network.ts';
export { FAULT_KINDS, Faults, type FaultKind, type FaultPlan } from './faults.ts';
export { type DevLedger, startDevLedger } from './ledger.ts';
export type { DevLedgerOptions } from './options.ts';

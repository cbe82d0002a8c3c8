import { testFaultHistories } from './spec-support-faults/test-fault-history.ts';

const isExtended = process.env['ORCHESTRATOR_TEST_EXTENDED'] === '1';
const firstSeed = Number(process.env['ORCHESTRATOR_TEST_SEED'] ?? '1');

testFaultHistories({
  kind: 'dev-ledger',
  seeds: Array.from({ length: isExtended ? 5 : 1 }, (_, index) => firstSeed + index),
  rounds: isExtended ? 8 : 1,
  callsBetween: isExtended ? 30 : 15,
});

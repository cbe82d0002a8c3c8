import { testHistories } from './spec-support-histories.ts';

const isExtended = process.env['ORCHESTRATOR_TEST_EXTENDED'] === '1';
const firstSeed = Number(process.env['ORCHESTRATOR_TEST_SEED'] ?? '1');

testHistories({
  kind: 'dev-ledger',
  seeds: Array.from({ length: isExtended ? 10 : 1 }, (_, index) => firstSeed + index),
  steps: isExtended ? 1000 : 300,
  organizations: ['MyOrg1MSP', 'MyOrg2MSP', ...(isExtended ? ['MyOrg3MSP', 'MyOrg4MSP'] : [])],
});

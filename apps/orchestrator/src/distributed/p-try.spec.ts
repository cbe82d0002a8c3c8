import { testHistories } from './spec-support-histories.ts';
testHistories({ kind: 'dev-ledger', seeds: [7], steps: 300, organizations: ['MyOrg1MSP', 'MyOrg2MSP', 'MyOrg3MSP', 'MyOrg4MSP'] });

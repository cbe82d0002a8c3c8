import process from 'node:process';
import { chaincodeOnNetwork } from './spec-support-network.ts';

const isExtended = process.env['ORCHESTRATOR_TEST_EXTENDED'] === '1';

chaincodeOnNetwork({ name: 'the development ledger', steps: isExtended ? 3000 : 300 });

import { chaincodeOnNetwork } from './spec-support-network.ts';

chaincodeOnNetwork('the development ledger');

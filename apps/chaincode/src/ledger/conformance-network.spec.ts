import { networkConformance } from './spec-support-network.ts';

networkConformance('the development ledger');

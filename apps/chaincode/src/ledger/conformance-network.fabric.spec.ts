import { networkConformance } from './spec-support-network.ts';

networkConformance('Hyperledger Fabric on LevelDB');
networkConformance('Hyperledger Fabric on CouchDB');

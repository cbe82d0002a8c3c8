import { chaincodeOnNetwork } from './spec-support-network.ts';

chaincodeOnNetwork('Hyperledger Fabric on LevelDB');
chaincodeOnNetwork('Hyperledger Fabric on CouchDB');

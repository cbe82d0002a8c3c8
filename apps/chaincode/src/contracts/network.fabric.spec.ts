import { chaincodeOnNetwork } from './spec-support-network.ts';

chaincodeOnNetwork({ name: 'Hyperledger Fabric on LevelDB', steps: 1100 });
chaincodeOnNetwork({ name: 'Hyperledger Fabric on CouchDB', steps: 300 });

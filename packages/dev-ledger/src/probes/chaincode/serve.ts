/**
 * Serves one of the probe chaincodes, `contract` or `raw`, with the environment of a chaincode as a service:
 * `serve.ts contract|raw`, CHAINCODE_CCID, CHAINCODE_ADDRESS.
 */
import process from 'node:process';
import fabric from 'fabric-contract-api';
import shim, { type ChaincodeInterface, type ChaincodeServerOpts } from 'fabric-shim';
import ChaincodeFromContract from 'fabric-shim/lib/contract-spi/chaincodefromcontract.js';
import { HooksContract, ProbeContract } from './contract.ts';
import { RawChaincode } from './raw-chaincode.ts';

function contracts(): ChaincodeInterface {
  const serializers = { transaction: 'jsonSerializer', serializers: { jsonSerializer: fabric.JSONSerializer } };
  return new ChaincodeFromContract([ProbeContract, HooksContract], serializers, {}, 'probe', '1');
}

const chaincode = process.argv[2] === 'raw' ? new RawChaincode() : contracts();
const options = {
  ccid: process.env['CHAINCODE_CCID'] ?? '',
  address: process.env['CHAINCODE_ADDRESS'] ?? '',
  'grpc.max_receive_message_length': -1,
  'grpc.max_send_message_length': -1,
};
// Without tlsProps it serves plaintext, which its types do not know.
// Its input ends with the process that started it.
process.stdin.on('end', () => process.exit(0)).resume();
await shim.Shim.server(chaincode, options as unknown as ChaincodeServerOpts).start();

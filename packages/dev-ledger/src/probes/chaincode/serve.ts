/**
 * Serves one of the probe chaincodes, `contract` or `raw`, with the environment of a chaincode as a service:
 * `serve.ts contract|raw [ends-with-input]`, CHAINCODE_CCID, CHAINCODE_ADDRESS, and for mutual TLS TLS_KEY_FILE,
 * TLS_CERT_FILE, TLS_ROOTCERT_FILE.
 */
import { readFileSync } from 'node:fs';
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

function tls(): Pick<ChaincodeServerOpts, 'tlsProps'> | object {
  const { TLS_KEY_FILE: key, TLS_CERT_FILE: cert, TLS_ROOTCERT_FILE: root } = process.env;
  if (key === undefined || cert === undefined || root === undefined) return {};
  return { tlsProps: { key: readFileSync(key), cert: readFileSync(cert), clientCACerts: readFileSync(root) } };
}

const chaincode = process.argv[2] === 'raw' ? new RawChaincode() : contracts();
const options = {
  ccid: process.env['CHAINCODE_CCID'] ?? '',
  address: process.env['CHAINCODE_ADDRESS'] ?? '',
  'grpc.max_receive_message_length': -1,
  'grpc.max_send_message_length': -1,
  ...tls(),
};
// Its input ends with the process that started it.
if (process.argv[3] === 'ends-with-input') process.stdin.on('end', () => process.exit(0)).resume();
// Without tlsProps it serves plaintext, which its types do not know.
await shim.Shim.server(chaincode, options as unknown as ChaincodeServerOpts).start();

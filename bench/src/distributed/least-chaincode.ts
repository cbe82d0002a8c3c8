/** A chaincode that does the least: `put key value` reads a key and writes it, `get key` reads it. Environment as of every chaincode server. */
import shim, { type ChaincodeInterface, type ChaincodeServerOpts, type ChaincodeStub } from 'fabric-shim';

class LeastChaincode implements ChaincodeInterface {
  async Init() {
    return shim.Shim.success();
  }

  async Invoke(stub: ChaincodeStub) {
    const { fcn, params } = stub.getFunctionAndParameters();
    const [key = '', value = ''] = params;
    const stored = await stub.getState(key);
    if (fcn === 'get') return shim.Shim.success(Buffer.from(stored));
    await stub.putState(key, Buffer.from(value));
    return shim.Shim.success();
  }
}

const options = {
  ccid: process.env['CHAINCODE_CCID'] ?? '',
  address: process.env['CHAINCODE_ADDRESS'] ?? '',
  'grpc.max_receive_message_length': -1,
  'grpc.max_send_message_length': -1,
};
process.once('SIGTERM', () => process.exit(0));
// Without tlsProps it serves plaintext, which its types do not know.
await shim.Shim.server(new LeastChaincode(), options as unknown as ChaincodeServerOpts).start();

import shim, { type ChaincodeInterface, type ChaincodeStub } from 'fabric-shim';
import { bytes } from './function-table.ts';

/** What a chaincode answers, whatever the shim's types allow. */
type Answer = Promise<never>;

/** A low-level chaincode: answers any status, with or without payload, message, event and writes. */
export class RawChaincode implements ChaincodeInterface {
  async Init(stub: ChaincodeStub): Answer {
    await stub.putState('init', bytes(JSON.stringify(stub.getStringArgs())));
    return shim.success(bytes('init')) as never;
  }

  async Invoke(stub: ChaincodeStub): Answer {
    const { fcn, params } = stub.getFunctionAndParameters();
    const run = functions[fcn] ?? (async () => shim.success(bytes(`raw:${JSON.stringify(stub.getStringArgs())}`)));
    return (await run(stub, params)) as never;
  }
}

const functions: Readonly<Record<string, (stub: ChaincodeStub, params: readonly string[]) => Promise<unknown>>> = {
  async status(stub, [status, message, payload = '', writtenKey = '', event = '']) {
    if (writtenKey !== '') await stub.putState(writtenKey, bytes('1'));
    if (event !== '') stub.setEvent(event, bytes('e'));
    return { status: Number(status), message, payload: bytes(payload) };
  },
  async put(stub, [key = '', value = '']) {
    await stub.putState(key, bytes(value));
    stub.setEvent('callee', bytes('raw'));
    return shim.success(bytes('put'));
  },
  async get(stub, [key = '']) {
    return shim.success(await stub.getState(key));
  },
  async err(_stub, [message = 'raw error']) {
    // The shim takes an Error too, and sends its text.
    return (shim as unknown as { error: (error: Error) => unknown }).error(new Error(message));
  },
  async undef() {
    return undefined;
  },
  async noStatus() {
    return { message: 'm', payload: bytes('p') };
  },
  async throw() {
    throw new Error('raw throw');
  },
  async who(stub) {
    const seen = {
      args: stub.getStringArgs(),
      channel: stub.getChannelID(),
      mspid: stub.getCreator().mspid,
      txidLength: stub.getTxID().length,
    };
    return shim.success(bytes(JSON.stringify(seen)));
  },
};

/* oxlint-disable eslint/max-params -- the shim counts the parameters of a contract's functions */
import type { Context } from 'fabric-contract-api';
import shim from 'fabric-shim';
import { bytes, type FunctionTable } from './function-table.ts';
import { increment } from './state-functions.ts';

async function history({ stub }: Context, key: string): Promise<readonly unknown[]> {
  const found: unknown[] = [];
  for await (const change of stub.getHistoryForKey(key)) {
    const { isDelete, value, txId, timestamp } = change;
    const keys = Object.keys(change).toSorted();
    found.push({ keys, isDelete, value: Buffer.from(value).toString(), tx: txId.length, ts: typeof timestamp });
  }
  return found;
}

/** Key histories, and what is kept beside a key: its own endorsement policy, private data. */
export const historyFunctions = {
  async history(context, key) {
    return history(context, key);
  },
  async historyPut(context, key) {
    const found = await history(context, key);
    await context.stub.putState(key, bytes('h'));
    return found.length;
  },
  async setVP({ stub }, key, hex) {
    await stub.setStateValidationParameter(key, Buffer.from(hex, 'hex'));
    return 'ok';
  },
  async getVP({ stub }, key) {
    const policy = (await stub.getStateValidationParameter(key)) as Uint8Array | undefined | null;
    return policy === undefined || policy === null ? String(policy) : Buffer.from(policy).toString('hex');
  },
  async setVPOrg({ stub }, key, mspid) {
    const policy = new shim.KeyEndorsementPolicy();
    policy.addOrgs('PEER', mspid);
    await stub.setStateValidationParameter(key, policy.getPolicy());
    return 'ok';
  },
  async pvtPut({ stub }, collection, key, value) {
    await stub.putPrivateData(collection, key, bytes(value));
    return 'ok';
  },
  async pvtGet({ stub }, collection, key) {
    return Buffer.from(await stub.getPrivateData(collection, key)).toString();
  },
  async pvtHash({ stub }, collection, key) {
    return Buffer.from(await stub.getPrivateDataHash(collection, key)).toString();
  },
} satisfies FunctionTable;

/** Events of a transaction. */
export const eventFunctions = {
  async ev({ stub }, name, payload) {
    await stub.putState('ev', bytes(stub.getTxID()));
    stub.setEvent(name, bytes(payload));
    return 'ok';
  },
  async evOnly({ stub }, name, payload) {
    stub.setEvent(name, bytes(payload));
    return 'ok';
  },
  async evTwice({ stub }) {
    await stub.putState('ev', bytes(stub.getTxID()));
    stub.setEvent('first', bytes('1'));
    stub.setEvent('second', bytes('2'));
    return 'ok';
  },
  async evEmptyName({ stub }) {
    stub.setEvent('', bytes('1'));
    return 'ok';
  },
  async evNoPayload({ stub }) {
    // As a caller in JavaScript may: the shim's types want a payload.
    (stub as unknown as { setEvent: (name: string) => void }).setEvent('nopayload');
    return 'ok';
  },
  async evFill({ stub }, length) {
    stub.setEvent('big', Buffer.alloc(Number(length), 65));
    return 'ok';
  },
  async evThrow({ stub }) {
    await stub.putState('ev', bytes('x'));
    stub.setEvent('thrown', bytes('1'));
    throw new Error('after event');
  },
  async evRmw(context, key) {
    const next = await increment(context, key);
    context.stub.setEvent('rmw', bytes(String(next)));
    return next;
  },
} satisfies FunctionTable;

/** Calls from one chaincode to another. */
async function call({ stub }: Context, chaincode: string, channel: string, args: string): Promise<unknown> {
  const response = await stub.invokeChaincode(chaincode, JSON.parse(args) as string[], channel);
  const { status, message, payload } = response as { status: number; message: string; payload?: Uint8Array };
  const text = payload === undefined ? null : Buffer.from(payload).toString();
  return { keys: Object.keys(response).toSorted(), status, message, payload: text };
}

export const callFunctions = {
  async call(context, chaincode, channel, args) {
    return call(context, chaincode, channel, args);
  },
  async putCall(context, key, chaincode, channel, args) {
    await context.stub.putState(key, bytes('x'));
    context.stub.setEvent('caller', bytes('c'));
    return call(context, chaincode, channel, args);
  },
} satisfies FunctionTable;

import type { Context } from 'fabric-contract-api';
import { bytes, type FunctionTable, read, unescape } from './function-table.ts';

/** Adds one to a number; shared with the functions that also set an event. */
export async function increment(context: Context, key: string): Promise<number> {
  const next = Number((await read(context, key)) || '0') + 1;
  await context.stub.putState(key, bytes(String(next)));
  return next;
}

/** Reads, writes and deletes of single keys. */
export const stateFunctions = {
  async put({ stub }, key, value) {
    await stub.putState(key, bytes(value));
    return 'ok';
  },
  async putEsc({ stub }, key, value) {
    await stub.putState(unescape(key), bytes(value));
    return 'ok';
  },
  async getEsc(context, key) {
    return read(context, unescape(key));
  },
  async delEsc({ stub }, key) {
    await stub.deleteState(unescape(key));
    return 'ok';
  },
  async putMany({ stub }, prefix, count) {
    for (let index = 0; index < Number(count); index++) {
      await stub.putState(prefix + String(index).padStart(5, '0'), bytes(`v${index}`));
    }
    return count;
  },
  async putFill({ stub }, key, length) {
    await stub.putState(key, Buffer.alloc(Number(length), 65));
    return 'ok';
  },
  async putKeyLen({ stub }, length) {
    await stub.putState('K'.repeat(Number(length)), bytes('1'));
    return 'ok';
  },
  async get({ stub }, key) {
    const value = await stub.getState(key);
    return { isBuffer: Buffer.isBuffer(value), length: value.length, value: Buffer.from(value).toString() };
  },
  async getRaw(context, key) {
    return read(context, key);
  },
  async del({ stub }, key) {
    await stub.deleteState(key);
    return 'ok';
  },
  async ryow(context, key, value) {
    const before = await read(context, key);
    await context.stub.putState(key, bytes(value));
    const afterPut = await read(context, key);
    await context.stub.deleteState(key);
    const afterDel = await read(context, key);
    await context.stub.putState(key, bytes(value));
    return { before, afterPut, afterDel };
  },
  async rmw(context, key) {
    return increment(context, key);
  },
  async getPut(context, readKey, writtenKey) {
    const value = await read(context, readKey);
    await context.stub.putState(writtenKey, bytes('1'));
    return value;
  },
  async getDel(context, readKey, deletedKey) {
    const value = await read(context, readKey);
    await context.stub.deleteState(deletedKey);
    return value;
  },
  async copyVal({ stub }, from, to) {
    await stub.putState(to, await stub.getState(from));
    return 'ok';
  },
} satisfies FunctionTable;

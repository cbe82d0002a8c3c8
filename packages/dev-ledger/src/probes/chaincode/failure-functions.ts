/* oxlint-disable typescript/only-throw-error -- what a contract throws that is no Error is what is probed */
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import type { Context } from 'fabric-contract-api';
import { bytes, type FunctionTable, read } from './function-table.ts';

function isMeant({ stub }: Context, mspid: string): boolean {
  return mspid === 'all' || stub.getMspID() === mspid;
}

/** Contracts that fail, are slow, end their process, or differ between endorsers. */
export const failureFunctions = {
  async throwError(_context, message) {
    throw new Error(message);
  },
  async throwLong(_context, length) {
    throw new Error('z'.repeat(Number(length)));
  },
  async throwEmpty() {
    throw new Error('');
  },
  async throwString(_context, message) {
    throw message;
  },
  async throwObject(_context, message) {
    throw { code: 7, message };
  },
  async throwPlain() {
    throw { code: 7 };
  },
  async throwNull() {
    throw null;
  },
  async rejectError(_context, message) {
    return Promise.reject(new Error(message));
  },
  async putThenThrow({ stub }, key) {
    await stub.putState(key, bytes('x'));
    throw new Error('after put');
  },
  async throwAtOrg({ stub }, mspid) {
    await stub.putState('tao', bytes('1'));
    if (stub.getMspID() === mspid) throw new Error(`only at ${mspid}`);
    return 'ok';
  },
  async swallow({ stub }, key) {
    try {
      await stub.putState(key, bytes('x'));
      return 'put worked';
    } catch (error) {
      return `caught: ${error instanceof Error ? error.message : String(error)}`;
    }
  },
  async dangling({ stub }, key) {
    stub.putState(key, bytes('x')).catch(() => 0);
    return 'ok';
  },
  async die(context, mspid) {
    if (isMeant(context, mspid)) process.exit(9);
    return 'alive';
  },
  async slow(context, durationMs, mspid) {
    if (mspid === '' || isMeant(context, mspid)) await delay(Number(durationMs));
    await context.stub.putState('slow', bytes('1'));
    return 'slept';
  },
  async readSlowRead(context, key, durationMs) {
    const first = await read(context, key);
    await delay(Number(durationMs));
    return [first, await read(context, key)];
  },
  async slowOrg({ stub }, durationMs) {
    await delay(Number(durationMs));
    return stub.getMspID();
  },
  async randomValue({ stub }) {
    await stub.putState('rnd', bytes(String(Math.random())));
    return 'ok';
  },
  async randomResult({ stub }) {
    await stub.putState('rnd', bytes('1'));
    return String(Math.random());
  },
  async randomEvent({ stub }) {
    await stub.putState('rnd', bytes('1'));
    stub.setEvent('r', bytes(String(Math.random())));
    return 'ok';
  },
  async perOrgMessage({ stub }) {
    await stub.putState('rnd', bytes(stub.getMspID()));
    return stub.getMspID();
  },
  async whichOrg({ stub }) {
    return stub.getMspID();
  },
} satisfies FunctionTable;

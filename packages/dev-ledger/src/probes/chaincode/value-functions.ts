import type { FunctionTable } from './function-table.ts';

/** Return values of every kind, and what a contract is told of its call. */
export const valueFunctions = {
  async retString(_context, text) {
    return text;
  },
  async retJsonish() {
    return 'a"b\n';
  },
  async retObject() {
    return { b: 1, a: [1, null, 'x'], u: undefined, d: new Date(0) };
  },
  async retArray() {
    return [1, 'two'];
  },
  async retBuffer() {
    return Buffer.from([1, 2, 255]);
  },
  async retUint8() {
    return new Uint8Array([1, 255]);
  },
  async retUndefined() {
    return undefined;
  },
  async retNull() {
    return null;
  },
  async retNumber() {
    return 1.5;
  },
  async retNaN() {
    return Number.NaN;
  },
  async retTrue() {
    return true;
  },
  async retFalse() {
    return false;
  },
  async retBigInt() {
    return { a: 1n };
  },
  async retEmpty() {
    return '';
  },
  async retFill(_context, length) {
    return 'y'.repeat(Number(length));
  },
  async argSize(_context, text) {
    return text.length;
  },
  async who({ stub, clientIdentity }) {
    const { mspid, idBytes } = stub.getCreator();
    return {
      mspid,
      idIsPem: Buffer.from(idBytes).toString().startsWith('-----BEGIN CERTIFICATE'),
      peerMsp: stub.getMspID(),
      clientMsp: clientIdentity.getMSPID(),
      id: clientIdentity.getID(),
      txid: stub.getTxID(),
      channel: stub.getChannelID(),
      ts: stub.getDateTimestamp().toISOString(),
      binding: stub.getBinding().length,
    };
  },
  async args({ stub }, ...params) {
    const all = stub as unknown as { getBufferArgs: () => Uint8Array[] };
    return {
      string: stub.getStringArgs(),
      fp: stub.getFunctionAndParameters(),
      raw: all.getBufferArgs().map((arg) => Buffer.from(arg).toString('hex')),
      params,
    };
  },
  async transient({ stub }) {
    const entries = [...stub.getTransient()].map(([key, value]) => [key, Buffer.from(value).toString()] as const);
    return entries.toSorted(([a], [b]) => (a < b ? -1 : 1));
  },
  async decorations({ stub }) {
    const { decorations } = stub as unknown as { decorations?: Map<string, unknown> | Record<string, unknown> };
    if (decorations === undefined) return null;
    return decorations instanceof Map ? [...decorations.keys()] : Object.keys(decorations);
  },
  async two(_context, first, second) {
    return `${first}|${second}`;
  },
  async deflt(_context, first, second = 'B') {
    return `${first}|${second}`;
  },
  async _hidden() {
    return 'hidden';
  },
} satisfies FunctionTable;

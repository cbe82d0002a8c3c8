import { Caller, type Connection } from './client.ts';
import type { Options } from './options.ts';

/** What a scenario works with. */
export interface Context {
  readonly options: Options;
  readonly connection: Connection;
  /** Two registered organizations on one channel. */
  readonly org1: Caller;
  readonly org2: Caller;
  /** The first organization on the other channel. */
  readonly elsewhere: Caller;
  /** A caller with any organization and channel. */
  readonly caller: (mspid: string, channel: string) => Caller;
}

export function createContext(connection: Connection, options: Options): Context {
  const { channel, otherChannel, mspid, otherMspid, chaincode } = options;
  const caller = (callerMspid: string, callerChannel: string): Caller =>
    new Caller(connection, { mspid: callerMspid, channel: callerChannel, chaincode });
  return {
    options,
    connection,
    org1: caller(mspid, channel),
    org2: caller(otherMspid, channel),
    elsewhere: caller(mspid, otherChannel),
    caller,
  };
}

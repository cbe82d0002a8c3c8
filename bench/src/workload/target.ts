import type { CallHeaders } from '../client/headers.ts';

/** A server to measure, in either mode. */
export interface Target {
  /** Host and port; several for replicas. */
  readonly addresses: readonly string[];
  /** The MSP id that all callers have. */
  readonly organization: string;
  /** Two channels. */
  readonly channels: readonly [string, string];
  /** Only in distributed mode. */
  readonly chaincode?: string;
}

/** The headers of a call in one of its channels. */
export function headersOf(target: Target, channel: string): CallHeaders {
  const { organization, chaincode } = target;
  return { mspid: organization, channel, ...(chaincode === undefined ? {} : { chaincode }) };
}

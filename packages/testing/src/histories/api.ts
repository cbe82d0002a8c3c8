import type { ErrorCode } from '@orchestrator/lib';

/** One unary call of the API under test. */
export interface HistoryCall {
  readonly channel: string;
  readonly mspid: string;
  /** Without package, e.g. `ComputeTaskService`. */
  readonly service: string;
  readonly method: string;
  /** The request in its wire form, not always a valid one. */
  readonly request: Uint8Array;
}

/** The answer in its wire form, or a gRPC status that is not OK. */
export type HistoryAnswer =
  | { readonly bytes: Uint8Array }
  | {
      /** The number of the gRPC status. */
      readonly code: number;
      readonly message: string;
    };

/** The API under test, however it is reached. */
export type HistoryApi = (call: HistoryCall) => Promise<HistoryAnswer>;

/** behaviour.md, 2: the gRPC status of each code. */
export const GRPC_STATUS: Readonly<Record<ErrorCode, number>> = {
  OE0001: 13,
  OE0002: 5,
  OE0003: 9,
  OE0006: 6,
  OE0007: 13,
  OE0010: 12,
  OE0101: 3,
  OE0102: 7,
  OE0104: 3,
  OE0105: 3,
  OE0106: 3,
  OE0107: 3,
  OE0108: 9,
  OE0109: 9,
  OE0110: 9,
};

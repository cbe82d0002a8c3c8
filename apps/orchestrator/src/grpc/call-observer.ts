import { randomUUID } from 'node:crypto';
import { type status } from '@grpc/grpc-js';
import type { ProcedureKind } from '@orchestrator/lib';
import type { Caller } from '../mode.ts';

/** What is known of a call from its start. */
export interface CallInfo {
  /** With its package, e.g. `orchestrator.InfoService`. */
  readonly service: string;
  readonly method: string;
  /** The name that gRPC's metrics have for it. */
  readonly type: 'unary' | 'server_stream' | 'bidi_stream';
  readonly requestId: string;
}

/** What a call shows of itself, admitted or not. Nothing of it is checked. */
export interface CallEvidence {
  readonly kind: ProcedureKind;
  /** As the headers say, printable and cut; empty without the header. */
  readonly mspid: string;
  readonly channel: string;
  /** DER. */
  readonly certificate: Uint8Array | undefined;
  /** Decoded, once it is. */
  readonly request: unknown;
}

/** A call that is over. */
export interface CallEnd {
  readonly call: CallInfo;
  /** Absent when the headers were refused, and for health and reflection. */
  readonly caller?: Caller | undefined;
  /** Absent for health and reflection. */
  readonly evidence?: CallEvidence | undefined;
  readonly durationMs: number;
  readonly code: status;
  /** The status message, empty when all went well. */
  readonly message: string;
}

/** Follows the calls, for the log and the metrics. It must not throw. */
export interface CallObserver {
  onStart?(call: CallInfo): void;
  /** Events handed to a stream's client. */
  onEventsSent?(call: CallInfo, count: number): void;
  onEnd(end: CallEnd): void;
}

/** One observer that tells all of `observers`, in their order. */
export function combineObservers(observers: readonly CallObserver[]): Required<CallObserver> {
  return {
    onStart(call) {
      for (const observer of observers) observer.onStart?.(call);
    },
    onEventsSent(call, count) {
      for (const observer of observers) observer.onEventsSent?.(call, count);
    },
    onEnd(end) {
      for (const observer of observers) observer.onEnd(end);
    },
  };
}

const REQUEST_ID_CHARACTERS = 8;

/** A request id for a call that brought none: 8 random hex characters. */
export function createRequestId(): string {
  // Node draws UUIDs from a stock of random bytes: a quarter of the time of four bytes of one's own.
  return randomUUID().slice(0, REQUEST_ID_CHARACTERS);
}

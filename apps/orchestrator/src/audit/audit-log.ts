import { X509Certificate } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import type { CallEnd, CallObserver } from '../grpc/call-observer.ts';
import { describeError } from '../log/describe-error.ts';
import type { AuditSink } from './audit-sink.ts';
import { keysOf } from './request-keys.ts';

/** Ends that refuse nothing: the client went, or the server could not answer now. */
const passing: ReadonlySet<status> = new Set([
  status.OK,
  status.CANCELLED,
  status.DEADLINE_EXCEEDED,
  status.UNAVAILABLE,
]);

const ERROR_CODE = /^OE\d{4}/;

/**
 * Writes one JSON line for each call that writes, whatever became of it, and for each that was refused: who called,
 * with which certificate, what, about which assets, with which outcome. Nothing else of a request is written.
 */
export function createAuditLog(sink: AuditSink): CallObserver {
  return {
    onEnd(end) {
      if (end.evidence === undefined) return;
      if (end.evidence.kind === 'write' || !passing.has(end.code)) sink.write(`${JSON.stringify(entryOf(end))}\n`);
    },
  };
}

function entryOf({ call, evidence, code, message }: CallEnd): Readonly<Record<string, unknown>> {
  return {
    time: new Date().toISOString(),
    audit: 'call',
    requestId: call.requestId,
    procedure: `/${call.service}/${call.method}`,
    mspid: evidence?.mspid,
    channel: evidence?.channel,
    certificate: fingerprintOf(evidence?.certificate),
    ...keysOf(evidence?.request),
    outcome: status[code],
    code: ERROR_CODE.exec(message)?.[0],
  };
}

function fingerprintOf(certificate: Uint8Array | undefined): string | undefined {
  if (certificate === undefined) return undefined;
  try {
    return new X509Certificate(certificate).fingerprint256;
  } catch (error) {
    return `unreadable: ${describeError(error)}`;
  }
}

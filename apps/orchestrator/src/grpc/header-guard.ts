import type { IncomingHttpHeaders } from 'node:http2';

/** Names a header that had characters which the gRPC library drops, together with the header, without a word. */
export const ILLEGAL_HEADER = 'orchestrator-illegal-header';

const readHeaders = ['mspid', 'channel', 'chaincode', 'reqid', 'idempotency-key'];
const printable = /^[ -~]*$/;

/** Longer timeouts overflow the gRPC library's timers, which then fire at once. Nobody waits for 24 days. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;
const timeoutUnitsMs: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 0.001, n: 0.000_001 };

/** Corrects, in place, the headers of a call that the gRPC library would take for something else. */
export function guardHeaders(headers: IncomingHttpHeaders): void {
  for (const name of readHeaders) {
    const value = headers[name];
    if (typeof value === 'string' && !printable.test(value)) headers[ILLEGAL_HEADER] = name;
  }
  const timeout = headers['grpc-timeout'];
  if (typeof timeout === 'string' && timeoutMs(timeout) > MAX_TIMEOUT_MS) headers['grpc-timeout'] = undefined;
}

function timeoutMs(header: string): number {
  const [, amount, unit] = /^(\d{1,8}) *([HMSmun])$/.exec(header) ?? [];
  return amount === undefined || unit === undefined ? 0 : Number(amount) * (timeoutUnitsMs[unit] ?? 0);
}

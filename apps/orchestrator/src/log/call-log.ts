import { status } from '@grpc/grpc-js';
import type { CallObserver } from '../grpc/call-observer.ts';
import type { Log } from './log.ts';

/** Health checks and reflection come every few seconds and say little. */
const INFRASTRUCTURE = 'grpc.';

/** Writes one entry for each finished call: at level debug for health and reflection, at info for the rest. */
export function createCallLog(log: Log): CallObserver {
  return {
    onEnd({ call, caller, durationMs, code, message }) {
      const fields = {
        requestId: call.requestId,
        method: `/${call.service}/${call.method}`,
        mspid: caller?.mspid,
        channel: caller?.channel,
        durationMs: Math.round(durationMs * 1000) / 1000,
        status: status[code],
        refusal: message === '' ? undefined : message,
      };
      if (call.service.startsWith(INFRASTRUCTURE)) log.debug(fields, 'call');
      else log.info(fields, 'call');
    },
  };
}

import type { Metadata, status } from '@grpc/grpc-js';
import { readRequestId } from './caller.ts';
import type { CallInfo, CallObserver } from './call-observer.ts';

/** A call of health or reflection, which has no caller. */
export interface InfrastructureCall extends Pick<CallInfo, 'service' | 'method' | 'type'> {
  readonly call: { readonly metadata: Metadata };
}

/** Tells the observer of the start at once, and of the end when `end` is called, once. */
export function observeCall(
  observer: Required<CallObserver>,
  { service, method, type, call }: InfrastructureCall,
): { end(code: status, message?: string): void } {
  const info: CallInfo = { service, method, type, requestId: readRequestId(call.metadata) };
  const startMs = performance.now();
  let ended = false;
  observer.onStart(info);
  return {
    end(code, message = '') {
      if (ended) return;
      ended = true;
      observer.onEnd({ call: info, durationMs: performance.now() - startMs, code, message });
    },
  };
}

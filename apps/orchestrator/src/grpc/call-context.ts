import type { Procedure } from '@orchestrator/lib';
import type { Metadata } from '@grpc/grpc-js';
import type { UnavailableError } from '../errors.ts';
import type { Log } from '../log/log.ts';
import type { Caller, Mode } from '../mode.ts';
import { admitCaller, readRequestId } from './caller.ts';
import type { Admission, CallHeaders } from './caller.ts';
import { type CallTrace, startCallTrace } from '../tracing/tracing.ts';
import type { CallInfo, CallObserver } from './call-observer.ts';
import { CallScope } from './call-scope.ts';
import { toCallStatus } from './status.ts';
import type { CallStatus } from './status.ts';

/** What the handlers of all procedures share. */
export interface HandlerContext {
  readonly mode: Mode;
  readonly admission: Admission;
  /** Largest answer and largest event. */
  readonly maxSendBytes: number;
  readonly log: Log;
  readonly observer: Required<CallObserver>;
  readonly calls: RunningCalls;
}

/** The calls under way, for the drain. */
export class RunningCalls {
  readonly #running = new Map<RunningCall, 'unary' | 'stream'>();
  #refusal: UnavailableError | undefined;
  #onIdle: (() => void) | undefined;

  /** Refuses all new calls. */
  refuse(reason: UnavailableError): void {
    this.#refusal = reason;
  }

  /** @throws UnavailableError when new calls are refused. */
  checkOpen(): void {
    if (this.#refusal !== undefined) throw this.#refusal;
  }

  add(call: RunningCall, kind: 'unary' | 'stream'): void {
    this.#running.set(call, kind);
  }

  delete(call: RunningCall): void {
    this.#running.delete(call);
    if (this.#running.size === 0) this.#onIdle?.();
  }

  /** Ends all calls of a kind from outside. */
  end(kind: 'unary' | 'stream', reason: Error): void {
    for (const [call, itsKind] of this.#running) if (itsKind === kind) call.scope.end(reason);
  }

  /** Resolves when no call is under way. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#running.size === 0) resolve();
      else this.#onIdle = resolve;
    });
  }
}

/** What a handler needs of a call of the gRPC library, unary or streaming. */
export interface IncomingCall extends CallHeaders {
  readonly metadata: Metadata;
  getDeadline(): Date | number;
  on(event: 'cancelled', listener: () => void): unknown;
}

/** One call of a procedure, from its headers to its status. */
export class RunningCall {
  readonly scope: CallScope;
  readonly info: CallInfo;
  readonly #context: HandlerContext;
  readonly #call: IncomingCall;
  readonly #startMs = performance.now();
  readonly #trace: CallTrace | undefined;
  #caller: Caller | undefined;
  #isFinished = false;

  constructor(context: HandlerContext, procedure: Procedure, call: IncomingCall) {
    this.#context = context;
    this.#call = call;
    this.scope = new CallScope(call.getDeadline());
    this.info = {
      service: `orchestrator.${procedure.service}`,
      method: procedure.method,
      type: procedure.kind === 'stream' ? 'server_stream' : 'unary',
      requestId: readRequestId(call.metadata),
    };
    this.#trace = startCallTrace(this.info, call.metadata);
    call.on('cancelled', () => {
      // The library also says so of a call whose answer is out.
      if (!this.#isFinished) this.scope.cancel();
    });
    context.calls.add(this, procedure.kind === 'stream' ? 'stream' : 'unary');
    context.observer.onStart(this.info);
  }

  /** Runs something as a part of the call, for those who trace it. */
  run<T>(work: () => T): T {
    return this.#trace === undefined ? work() : this.#trace.run(work);
  }

  /** @throws OrchestrationError for headers that are not in order; UnavailableError while the server drains. */
  admit(): Caller {
    this.#context.calls.checkOpen();
    this.#caller = admitCaller(this.#context.admission, this.#call, this.info.requestId);
    return this.#caller;
  }

  /** The status for `error`; an unexpected one is logged. */
  fail(error: unknown): CallStatus {
    const callStatus = toCallStatus(error, this.info.requestId);
    if (callStatus.unexpected) {
      const { service, method, requestId } = this.info;
      this.run(() => this.#context.log.error({ error, requestId, method: `/${service}/${method}` }, 'unexpected error'));
    }
    return callStatus;
  }

  /** Tells the observer; the last thing to do in a call. */
  finish({ code, message }: CallStatus): void {
    this.#isFinished = true;
    this.#context.calls.delete(this);
    const end = { call: this.info, caller: this.#caller, durationMs: performance.now() - this.#startMs, code, message };
    this.run(() => this.#context.observer.onEnd(end));
    this.#trace?.end(end);
  }
}

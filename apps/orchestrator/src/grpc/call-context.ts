import type { Procedure } from '@orchestrator/lib';
import type { Metadata } from '@grpc/grpc-js';
import type { UnavailableError } from '../errors.ts';
import type { Log } from '../log/log.ts';
import type { Caller, Mode } from '../mode.ts';
import { certificateOf, checkCaller, readCaller, readClaim, readRequestId } from './caller.ts';
import type { Admission, CallHeaders } from './caller.ts';
import { type CallTrace, startCallTrace } from '../tracing/tracing.ts';
import type { CallEvidence, CallInfo, CallObserver } from './call-observer.ts';
import type { CallCounter, Leave } from './call-limits.ts';
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
  readonly counter: CallCounter;
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
  /** Host and port of the client. */
  getPeer(): string;
  on(event: 'cancelled', listener: () => void): unknown;
}

/** One call of a procedure, from its headers to its status. */
export class RunningCall {
  readonly scope: CallScope;
  readonly info: CallInfo;
  readonly #context: HandlerContext;
  readonly #call: IncomingCall;
  readonly #procedure: Procedure;
  readonly #startMs = performance.now();
  readonly #trace: CallTrace | undefined;
  #caller: Caller | undefined;
  #certificate: Uint8Array | undefined;
  #request: unknown;
  /** Give back the places that the call has taken. */
  readonly #leaves: Leave[] = [];
  #isFinished = false;

  constructor(context: HandlerContext, procedure: Procedure, call: IncomingCall) {
    this.#context = context;
    this.#call = call;
    this.#procedure = procedure;
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
    context.calls.add(this, this.#kind);
    context.observer.onStart(this.info);
  }

  /** Runs something as a part of the call, for those who trace it. */
  run<T>(work: () => T): T {
    return this.#trace === undefined ? work() : this.#trace.run(work);
  }

  /**
   * @throws OrchestrationError for headers that are not in order; UnavailableError while the server drains, and for
   *   too many calls.
   */
  admit(): Caller {
    const { calls, admission, counter } = this.#context;
    calls.checkOpen();
    const place = { kind: this.#kind, peer: this.#call.getPeer() };
    this.#leaves.push(counter.enterConnection(place));
    // Now: when the call is over its connection may be, too.
    if (admission.keepsEvidence === true) this.#certificate = certificateOf(this.#call);
    this.#caller = readCaller(this.#call.metadata, this.info.requestId);
    this.confirm();
    this.#leaves.push(counter.enterOrganization(place, this.#caller));
    return this.#caller;
  }

  /**
   * Checks a caller again that was admitted before: on a long call channels, CAs and certificates may have changed.
   *
   * @throws OrchestrationError OE0102
   */
  confirm(): void {
    if (this.#caller === undefined) return;
    // Once per call: the library takes the whole certificate apart each time.
    const certificate = (): Uint8Array | undefined => (this.#certificate ??= certificateOf(this.#call));
    checkCaller(this.#context.admission, { caller: this.#caller, certificate });
  }

  /** Keeps the decoded request for those who follow the calls. */
  note(request: unknown): void {
    this.#request = request;
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

  get #kind(): 'unary' | 'stream' {
    return this.#procedure.kind === 'stream' ? 'stream' : 'unary';
  }

  /** Tells the observer; the last thing to do in a call. */
  finish({ code, message }: CallStatus): void {
    this.#isFinished = true;
    for (const leave of this.#leaves) leave();
    this.#context.calls.delete(this);
    const end = {
      call: this.info,
      caller: this.#caller,
      evidence: this.#context.admission.keepsEvidence === true ? this.#evidence() : undefined,
      durationMs: performance.now() - this.#startMs,
      code,
      message,
    };
    this.run(() => this.#context.observer.onEnd(end));
    this.#trace?.end(end);
    // The connection keeps the call until V8 collects the old generation: a thousand tasks need not stay as long.
    this.#request = undefined;
  }

  #evidence(): CallEvidence {
    const { kind } = this.#procedure;
    return { ...readClaim(this.#call.metadata), kind, certificate: this.#certificate, request: this.#request };
  }
}

import { type Attributes, type Context, context, propagation, ROOT_CONTEXT, type Span, type SpanContext, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { type Metadata, status } from '@grpc/grpc-js';

/** Asked before anything else: a server without tracing must not pay for it in its hot paths. */
let isOn = false;

const tracer = trace.getTracer('orchestrator');

/** Lets spans be made from now on, or no longer. */
export function switchTracing(on: boolean): void {
  isOn = on;
}

/** The errors that are not the client's. */
const failures: ReadonlySet<status> = new Set([status.UNKNOWN, status.INTERNAL, status.UNAVAILABLE, status.DEADLINE_EXCEEDED, status.DATA_LOSS]);

/** How a call ended. */
export interface TracedEnd {
  readonly code: status;
  readonly message: string;
  readonly caller?: { readonly channel: string; readonly mspid: string } | undefined;
}

/** The span of one call. */
export interface CallTrace {
  /** Runs something as a part of the call. */
  run<T>(work: () => T): T;
  end(end: TracedEnd): void;
}

/**
 * Begins the span of a call, below the client's own where its headers say so.
 *
 * @returns undefined without tracing.
 */
export function startCallTrace(call: { readonly service: string; readonly method: string; readonly requestId: string }, metadata: Metadata): CallTrace | undefined {
  if (!isOn) return undefined;
  const { service, method, requestId } = call;
  const parent = propagation.extract(ROOT_CONTEXT, metadata, metadataGetter);
  const attributes = { 'rpc.system': 'grpc', 'rpc.service': service, 'rpc.method': method, 'orchestrator.request_id': requestId };
  const span = tracer.startSpan(`${service}/${method}`, { kind: SpanKind.SERVER, attributes }, parent);
  const own = trace.setSpan(parent, span);
  return {
    run: (work) => context.with(own, work),
    end: (end) => endCall(span, end),
  };
}

const metadataGetter = {
  keys: (metadata: Metadata): string[] => Object.keys(metadata.getMap()),
  get: (metadata: Metadata, key: string): string | undefined => metadata.get(key)[0]?.toString(),
};

function endCall(span: Span, { code, message, caller }: TracedEnd): void {
  span.setAttribute('rpc.grpc.status_code', code);
  if (caller !== undefined) span.setAttributes({ 'orchestrator.channel': caller.channel, 'orchestrator.mspid': caller.mspid });
  if (failures.has(code)) span.setStatus({ code: SpanStatusCode.ERROR, message });
  span.end();
}

/** Where the caller stands, for work that is done later and elsewhere; undefined without tracing. */
export function traceContext(): Context | undefined {
  return isOn ? context.active() : undefined;
}

/** What a span is made for. */
export interface TracedWork {
  readonly name: string;
  readonly attributes?: Attributes;
  /** Of those for whom it is done: the span stands below the first, and names the others. Else below the active one. */
  readonly callers?: readonly (Context | undefined)[];
}

/** A span that others may still join; undefined without tracing. */
export type JoinedSpan = Span | undefined;

/** Says of a span for whom else it is, and what else is known of it by now. */
export function joinSpan(span: JoinedSpan, { attributes = {}, callers = [] }: Omit<TracedWork, 'name'>): void {
  if (span === undefined) return;
  span.setAttributes(attributes);
  span.addLinks(toLinks(callers));
}

function toLinks(callers: readonly (Context | undefined)[]): { readonly context: SpanContext }[] {
  return callers.flatMap((caller) => (caller && trace.getSpanContext(caller)) ?? []).map((linked) => ({ context: linked }));
}

/** Does something within a span, if there is tracing. */
export async function traced<T>({ name, attributes = {}, callers = [] }: TracedWork, work: (span: JoinedSpan) => Promise<T>): Promise<T> {
  if (!isOn) return work(undefined);
  const [first = context.active(), ...others] = callers.filter((caller) => caller !== undefined);
  const span = tracer.startSpan(name, { kind: SpanKind.INTERNAL, attributes, links: toLinks(others) }, first);
  try {
    return await context.with(trace.setSpan(first, span), () => work(span));
  } catch (error) {
    fail(span, error);
    throw error;
  } finally {
    span.end();
  }
}

/** Follows a statement that is on its way, and hands it on; the text has no values in it. */
export function tracedStatement<T>(statement: { readonly name: string; readonly text: string }, answer: Promise<T>): Promise<T> {
  if (!isOn) return answer;
  const attributes = { 'db.system.name': 'postgresql', 'db.query.text': statement.text };
  const span = tracer.startSpan(statement.name, { kind: SpanKind.CLIENT, attributes });
  answer.then(
    () => span.end(),
    (error: unknown) => {
      fail(span, error);
      span.end();
    },
  );
  return answer;
}

function fail(span: Span, error: unknown): void {
  span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.message : String(error) });
}

/** The id of the trace that is under way, for the log: `{}` outside of one. */
export function traceFields(): { readonly traceId?: string } {
  const spanContext = isOn ? trace.getSpanContext(context.active()) : undefined;
  return spanContext === undefined ? {} : { traceId: spanContext.traceId };
}

import type { Encoded, MessageCodec } from '../codec/codec.ts';
import type { Services } from '../services/services.ts';

/**
 * How a procedure uses the store:
 * - `read`: at most one read of the store;
 * - `snapshot`: several reads that must see one state;
 * - `write`: a transaction that may change things;
 * - `stream`: the event stream, which each mode serves from its feed.
 */
export type ProcedureKind = 'read' | 'snapshot' | 'write' | 'stream';

/** Something that requests change, by its key: who changes the same at once may have to wait for each other. */
export interface Touched {
  readonly task?: string;
  /** The compute plan; beside `task` it is the task's. */
  readonly plan?: string;
  /** Any other asset. */
  readonly asset?: string;
}

/** One gRPC procedure: all that anyone outside the lib needs to know of it. */
export interface Procedure<Request = unknown, Response = unknown> {
  /** Without package, e.g. `ComputeTaskService`. */
  readonly service: string;
  readonly method: string;
  readonly kind: ProcedureKind;
  readonly request: MessageCodec<Request>;
  readonly response: MessageCodec<Response>;
  /** Checks the request by itself. @throws OrchestrationError OE0101, or the other codes of behaviour.md, 3. */
  validate(request: Request): void;
  /** The business logic, inside a transaction. */
  call(services: Services, request: Request): Promise<Response | Encoded<Response>>;
  /** What the request changes besides what it creates, as far as it says so itself. */
  touches(request: Request): readonly Touched[];
}

// Methods, not function properties: their bivariance lets rows of all types stand in one table.
interface Row<Request, Response> {
  readonly kind: ProcedureKind;
  readonly request: MessageCodec<Request>;
  readonly response: MessageCodec<Response>;
  validate(request: Request): void;
  call(services: Services, request: Request): Promise<Response | Encoded<Response>>;
  touches(request: Request): readonly Touched[];
}

type Call<Request, Response> = (services: Services, request: Request) => Promise<Response | Encoded<Response>>;
type Validate<Request> = (request: Request) => void;

/** For requests that cannot be wrong by themselves. */
export const acceptAll = (): void => undefined;

const touchesNothing = (): readonly Touched[] => [];

/** A row for a procedure that reads with at most one statement. */
export function read<Q, R>(
  request: MessageCodec<Q>,
  response: MessageCodec<R>,
  call: Call<Q, NoInfer<R>>,
  validate: Validate<Q> = acceptAll,
): Row<Q, R> {
  return { kind: 'read', request, response, validate, call, touches: touchesNothing };
}

/** A row for a procedure that reads several things which must belong together. */
export function snapshot<Q, R>(
  request: MessageCodec<Q>,
  response: MessageCodec<R>,
  call: Call<Q, NoInfer<R>>,
  validate: Validate<Q> = acceptAll,
): Row<Q, R> {
  return { kind: 'snapshot', request, response, validate, call, touches: touchesNothing };
}

/** A row for a procedure that writes. */
export function write<Q, R>(
  request: MessageCodec<Q>,
  response: MessageCodec<R>,
  validate: Validate<Q>,
  call: Call<Q, NoInfer<R>>,
): Row<Q, R> {
  return { kind: 'write', request, response, validate, call, touches: touchesNothing };
}

/** The same row, with what its requests change. */
export function touching<Q, R>(row: Row<Q, R>, touches: (request: Q) => readonly Touched[]): Row<Q, R> {
  return { ...row, touches };
}

/** A row for the event stream; it has no call, the feeds of each mode serve it. */
export function stream<Q, R>(request: MessageCodec<Q>, response: MessageCodec<R>): Row<Q, R> {
  const call: Call<Q, NoInfer<R>> = () => Promise.reject(new Error('a stream is served by a feed'));
  return { kind: 'stream', request, response, validate: acceptAll, call, touches: touchesNothing };
}

/** Names the rows of one service. Their types are erased: callers pair each request with its own row. */
export function defineService(service: string, rows: Readonly<Record<string, Row<unknown, unknown>>>): Procedure[] {
  return Object.entries(rows).map(([method, row]) => ({ ...row, service, method }));
}

import { type Metadata, status as grpcStatus } from '@grpc/grpc-js';
import { type Status, StatusCode } from '@hyperledger/fabric-gateway';
import { gateway, google } from '@hyperledger/fabric-protos';
import type { Normalise } from './normalise.ts';

/** Bytes as they are shown: text where they are text. */
export type ShownBytes = string | { readonly base64: string } | { readonly length: number; readonly head: string };

interface ErrorShape {
  readonly code?: number;
  readonly message: string;
  readonly details?: unknown;
  readonly metadata?: Metadata;
  readonly transactionId?: string;
  readonly cause?: ErrorShape;
}

interface ShownDetail {
  readonly address: string;
  readonly mspId: string;
  readonly message: string;
}

/** How a call failed: class and code of the error, its text, and what the peers said. */
export interface Failure {
  readonly error?: string;
  readonly code: number | undefined;
  readonly codeName: string | undefined;
  readonly message: string;
  readonly details?: readonly ShownDetail[] | string;
  readonly hasTransactionId?: true;
  readonly cause?: { readonly error: string | undefined; readonly code: number | undefined; readonly message: string };
}

/** How a call ended: `ok` with what it gave, or a failure. */
export type Outcome<T = unknown> = { readonly ok: T; readonly code?: undefined } | (Failure & { readonly ok?: undefined });

const MUCH = 400;

const codeNames: ReadonlyMap<number, string> = new Map(
  Object.entries(grpcStatus).flatMap(([name, code]) => (typeof code === 'number' ? [[code, name] as const] : [])),
);

/** The name of a gRPC status code. */
export function codeName(code: number | undefined): string | undefined {
  return code === undefined ? undefined : codeNames.get(code);
}

/** A transaction's status. */
export function statusOf({ code, successful }: Pick<Status, 'code' | 'successful'>) {
  return { code, name: statusName(code), successful };
}

/** The name of a validation code. */
export function statusName(code: number): string | undefined {
  return Object.entries(StatusCode).find(([, value]) => value === code)?.[0];
}

/** Shows results and errors without what differs from run to run. */
export type Outcomes = ReturnType<typeof outcomeTools>;

/** The tools that put results and errors into words. */
export function outcomeTools(normalise: Normalise) {
  const asText = (bytes: Uint8Array): ShownBytes => {
    const buffer = Buffer.from(bytes);
    if (buffer.length > MUCH) return { length: buffer.length, head: normalise(buffer.subarray(0, 40).toString('latin1')) };
    const text = buffer.toString();
    // oxlint-disable-next-line eslint/no-control-regex -- these are what makes it no text
    const isText = Buffer.from(text).equals(buffer) && !/[\u0000-\u0008\u000e-\u001f]/.test(text);
    return isText ? normalise(text) : { base64: buffer.toString('base64') };
  };
  const errorOf = (thrown: unknown): Failure => withoutRace(failureOf(thrown as ErrorShape, normalise));
  const out = async (call: Promise<Uint8Array> | (() => Promise<Uint8Array>)): Promise<Outcome<ShownBytes>> => outAs(call, asText);
  const outAs = async <T, R>(call: Promise<T> | (() => Promise<T>), show: (result: T) => R): Promise<Outcome<Awaited<R>>> => {
    try {
      return { ok: await show(await (typeof call === 'function' ? call() : call)) };
    } catch (error) {
      return errorOf(error);
    }
  };
  /** The same of a call below the client library: its error is gRPC's own. */
  const rawOut = async <T, R>(call: Promise<T>, show: (result: T) => R): Promise<Outcome<R>> => {
    try {
      return { ok: show(await call) };
    } catch (thrown) {
      return withoutRace(rawFailureOf(thrown as ErrorShape, normalise));
    }
  };
  return { normalise, asText, errorOf, out, outAs, rawOut };
}

/** Which of two deadlines is first, the client's or the peer's, is chance, and so is the name of their passing. */
function withoutRace(failure: Failure): Failure {
  const isCancelled = failure.code === grpcStatus.CANCELLED && /\bCall cancelled$/.test(failure.message);
  if (
    !isCancelled &&
    (failure.code !== grpcStatus.DEADLINE_EXCEEDED || !/deadline exceeded|(evaluate|endorsement) timeout expired/i.test(failure.message))
  )
    return failure;
  const code = grpcStatus.DEADLINE_EXCEEDED;
  return {
    ...failure,
    code,
    codeName: codeName(code),
    message: '<deadline: text of grpc-js or "context deadline exceeded", whichever side is first>',
  };
}

function failureOf(error: ErrorShape, normalise: Normalise): Failure {
  const name = nameOf(error);
  const { code, cause, details } = error;
  const tellsMore = cause !== undefined && (cause.code !== code || cause.message !== error.message);
  return {
    ...(name === undefined ? {} : { error: name }),
    code,
    codeName: name === 'CommitError' ? undefined : codeName(code),
    message: normalise(error.message),
    ...(Array.isArray(details) ? { details: shownDetails(details as readonly ShownDetail[], normalise) } : {}),
    ...(typeof details === 'string' ? { details: normalise(details) } : {}),
    ...(error.transactionId ? { hasTransactionId: true } : {}),
    ...(tellsMore ? { cause: { error: nameOf(cause), code: cause.code, message: normalise(cause.message) } } : {}),
  };
}

function shownDetails(details: readonly ShownDetail[], normalise: Normalise): readonly ShownDetail[] {
  return details
    .map(({ address, mspId, message }) => ({ address: normalise(address), mspId, message: normalise(message) }))
    .toSorted((a, b) => (a.address + a.message < b.address + b.message ? -1 : 1));
}

function nameOf(error: ErrorShape): string | undefined {
  return (error as { constructor?: { name: string } }).constructor?.name;
}

function rawFailureOf({ code, details, message, metadata }: ErrorShape, normalise: Normalise): Failure {
  const trailer = metadata?.get('grpc-status-details-bin')[0];
  const text = typeof details === 'string' ? details : message;
  const failure = { code, codeName: codeName(code), message: normalise(text) };
  if (!(trailer instanceof Buffer)) return failure;
  return { ...failure, details: decodeDetails(trailer, normalise) };
}

function decodeDetails(trailer: Buffer, normalise: Normalise): readonly ShownDetail[] {
  const { details } = { details: google.rpc.Status.deserializeBinary(trailer).getDetailsList() };
  return details.map((any) => {
    const detail = gateway.ErrorDetail.deserializeBinary(any.getValue_asU8());
    return { address: normalise(detail.getAddress()), mspId: detail.getMspId(), message: normalise(detail.getMessage()) };
  });
}

import { UnavailableError } from '../../errors.ts';

/** What a failure of the database means for the request. */
export type FailureKind =
  /** The connection is gone or was never made: what ran on it is rolled back, unless it was in COMMIT. */
  | 'connection'
  /** The transaction lost against another one. */
  | 'conflict'
  /** It took too long, or the database lacks disk, memory or connections. */
  | 'resources'
  /** A bug. */
  | 'unexpected';

const CONFLICTS = new Set(['40001', '40P01']);
const SHUTDOWNS = new Set(['57P01', '57P02', '57P03', '57P05', '25P03']);
const TIMEOUTS = new Set(['55P03', '57014', '25006']);
const SOCKET_ERRORS = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH']);
// pg has no codes for these.
const CONNECTION_MESSAGES = /connection|not queryable|timeout exceeded when trying to connect|query read timeout/iu;

function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** Sorts a failure of pg. */
export function failureKind(error: unknown): FailureKind {
  const code = errorCode(error);
  if (code !== undefined) {
    if (CONFLICTS.has(code)) return 'conflict';
    if (code.startsWith('08') || SHUTDOWNS.has(code) || SOCKET_ERRORS.has(code)) return 'connection';
    if (code.startsWith('53') || code.startsWith('58') || TIMEOUTS.has(code)) return 'resources';
    return 'unexpected';
  }
  if (error instanceof AggregateError) return failureKind(error.errors[0]);
  return error instanceof Error && CONNECTION_MESSAGES.test(error.message) ? 'connection' : 'unexpected';
}

const SENTENCES = {
  connection: 'the store is out of reach, try again later',
  conflict: 'the request conflicts with others, try again later',
  resources: 'the store is overloaded or out of resources, try again later',
} as const;

/** The error for the client: UnavailableError for passing conditions, the failure itself for a bug. */
export function toClientError(error: unknown): unknown {
  const kind = failureKind(error);
  return kind === 'unexpected' ? error : new UnavailableError(SENTENCES[kind], { cause: error });
}

import assert from 'node:assert/strict';
import { status as Status, type ServiceError } from '@grpc/grpc-js';

export { assert };

/** The error codes and the gRPC status that each travels with. */
export const Refusal = {
  NotFound: ['OE0002', Status.NOT_FOUND],
  BadRequest: ['OE0003', Status.FAILED_PRECONDITION],
  Conflict: ['OE0006', Status.ALREADY_EXISTS],
  Unimplemented: ['OE0010', Status.UNIMPLEMENTED],
  InvalidAsset: ['OE0101', Status.INVALID_ARGUMENT],
  PermissionDenied: ['OE0102', Status.PERMISSION_DENIED],
  IncompatibleTaskStatus: ['OE0104', Status.INVALID_ARGUMENT],
  MissingTaskOutput: ['OE0106', Status.INVALID_ARGUMENT],
  IncompatibleKind: ['OE0107', Status.INVALID_ARGUMENT],
  CannotDisableOutput: ['OE0108', Status.FAILED_PRECONDITION],
  TerminatedComputePlan: ['OE0109', Status.FAILED_PRECONDITION],
} as const satisfies Record<string, readonly [string, Status]>;

export type RefusalName = keyof typeof Refusal;

/** What no message may give away: SQL, stack traces, file paths. */
const LEAK = /\b(SELECT|INSERT INTO|UPDATE \w+ SET)\b|\n\s+at |node_modules|\.(ts|js):\d+/;

/** Longest error message, in code points. */
const MESSAGE_LIMIT = 8000;

/**
 * The call must be refused with that code, in its status and at the beginning of its message.
 *
 * @param text what the message must say besides.
 */
export async function refuses(call: Promise<unknown>, name: RefusalName, text?: RegExp | string): Promise<void> {
  const error = await errorOf(call);
  checkRefusal(error, name);
  if (typeof text === 'string') assert.ok(error.details.includes(text), `"${error.details}" does not say "${text}"`);
  else if (text !== undefined) assert.match(error.details, text);
}

/** The same for an error at hand. */
export function checkRefusal(error: ServiceError, name: RefusalName): void {
  const [code, status] = Refusal[name];
  const got = `${Status[error.code]} "${error.details}"`;
  assert.ok(error.details.startsWith(`${code}: `), `expected ${code} (${name}), got ${got}`);
  assert.equal(error.code, status, `expected ${Status[status]}, got ${got}`);
  assert.doesNotMatch(error.details, LEAK);
  assert.ok(Array.from(error.details).length <= MESSAGE_LIMIT, 'the message is too long');
}

/** The error of a call that must fail. @throws AssertionError when it succeeds, the error itself when it is none of gRPC. */
export async function errorOf(call: Promise<unknown>): Promise<ServiceError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof Error && 'details' in error && 'code' in error) return error as ServiceError;
    throw error;
  }
  return assert.fail('expected a refusal, got an answer');
}

/** Runs checks one after another and reports every one that fails, named. */
export async function all<T>(cases: Iterable<readonly [string, T]>, check: (item: T) => Promise<void>): Promise<void> {
  const failures: string[] = [];
  for (const [name, item] of cases) {
    try {
      await check(item);
    } catch (error) {
      failures.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  assert.ok(failures.length === 0, failures.join('\n'));
}

/** The name of an enum's number. */
export function nameOf(values: Readonly<Record<string, number>>, value: number): string {
  return Object.keys(values).find((name) => values[name] === value) ?? `number ${value}`;
}

/** Causes may form a circle. */
const MAX_DEPTH = 5;

/**
 * What went wrong in one line, with the causes: for operators, not for clients.
 *
 * Node's connection failures are aggregates with an empty message, so their parts are told instead.
 */
export function describeError(error: unknown): string {
  const parts = new Set<string>();
  let current: unknown = error;
  for (let depth = 0; depth < MAX_DEPTH && current !== undefined && current !== null; depth += 1) {
    parts.add(ownMessage(current));
    current = current instanceof Error ? current.cause : undefined;
  }
  return [...parts].join(': ').replaceAll(/\s*[\r\n]+\s*/g, ' ');
}

function ownMessage(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') {
    return error.errors.map(ownMessage).join(', ');
  }
  if (error instanceof Error) return error.message === '' ? error.name : error.message;
  return String(error);
}

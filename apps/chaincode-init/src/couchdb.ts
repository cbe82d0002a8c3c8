/** What CouchDB answered. */
export interface Answer {
  readonly status: number;
  /** The parsed JSON; undefined when it is none. */
  readonly body: unknown;
}

export interface CouchDb {
  /**
   * @param path already encoded, with its slash.
   * @throws TypeError when there is no answer.
   */
  request(method: 'GET' | 'POST' | 'PUT', path: string, body?: unknown): Promise<Answer>;
}

export interface CouchDbAccess {
  readonly url: string;
  readonly user: string;
  readonly password: string;
  readonly signal: AbortSignal;
}

const REQUEST_TIMEOUT_MS = 10_000;

/** CouchDB's HTTP interface as one user. */
export function connect({ url, user, password, signal }: CouchDbAccess): CouchDb {
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  return {
    async request(method, path, body) {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: { accept: 'application/json', authorization, ...(body !== undefined && { 'content-type': 'application/json' }) },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        redirect: 'error',
        signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
      });
      return { status: response.status, body: parse(await response.text()) };
    },
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** CouchDB's own words for what went wrong, with the status. */
export function reasonOf({ status, body }: Answer): string {
  const reason = typeof body === 'object' && body !== null && 'reason' in body ? body.reason : undefined;
  return typeof reason === 'string' ? `${status} ${reason}` : String(status);
}

import { describeError } from '../../log/describe-error.ts';

const TIMEOUT_MS = 10_000;
const MAX_REASON_LENGTH = 300;

/** The management API refuses, or cannot be reached. The message says what to do and holds no secret. */
export class ManagementApiError extends Error {
  /** HTTP status; undefined when there was no answer. */
  readonly status: number | undefined;

  constructor(message: string, status?: number) {
    super(message);
    this.name = 'ManagementApiError';
    this.status = status;
  }
}

/** RabbitMQ's management API. */
export class ManagementApi {
  readonly #base: string;
  readonly #authorization: string;
  readonly #user: string;

  /** @param url with the name and password of an administrator. */
  constructor(url: string) {
    const { origin, pathname, username, password } = new URL(url);
    this.#base = `${origin}${pathname.replace(/\/+$/, '')}`;
    this.#user = decodeURIComponent(username);
    const credentials = `${this.#user}:${decodeURIComponent(password)}`;
    this.#authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;
  }

  /** @returns the answer's JSON, unchecked. @throws ManagementApiError */
  async get<T>(...path: readonly string[]): Promise<T> {
    return (await (await this.#request({ method: 'GET', path: apiPath(...path) })).json()) as T;
  }

  /** @throws ManagementApiError */
  async send(request: ManagementRequest): Promise<void> {
    await (await this.#request(request)).arrayBuffer();
  }

  async #request({ method, path, body }: ManagementRequest | { method: 'GET'; path: string; body?: undefined }) {
    const response = await this.#fetch(`${this.#base}/api/${path}`, {
      method,
      headers: { authorization: this.#authorization, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (response.ok) return response;
    throw await this.#refusal(response, `${method} ${path}`);
  }

  async #fetch(url: string, options: RequestInit): Promise<Response> {
    try {
      return await fetch(url, options);
    } catch (error) {
      const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
      throw new ManagementApiError(
        `the management API at ${this.#base} cannot be reached (${describeError(cause)}): ` +
          'check ORCHESTRATOR_RABBITMQ_MANAGEMENT_URL, and that the broker runs with the plugin rabbitmq_management',
      );
    }
  }

  async #refusal(response: Response, request: string): Promise<ManagementApiError> {
    const { status } = response;
    if (status === 401) {
      const advice = 'check name and password in ORCHESTRATOR_RABBITMQ_MANAGEMENT_URL, and the tag "administrator" of that user';
      return new ManagementApiError(`the management API refuses the user ${JSON.stringify(this.#user)} (401): ${advice}`, status);
    }
    return new ManagementApiError(`${request}: ${status} ${reasonIn(await response.text())}`.trim(), status);
  }
}

export interface ManagementRequest {
  readonly method: 'PUT' | 'POST' | 'DELETE';
  /** After `/api/`, escaped: `apiPath` makes it. */
  readonly path: string;
  /** May hold a password: never to be shown. */
  readonly body?: unknown;
}

/** Escapes the parts of a path. */
export function apiPath(...parts: readonly string[]): string {
  return parts.map(encodeURIComponent).join('/');
}

function reasonIn(text: string): string {
  try {
    const { reason, error } = JSON.parse(text) as { readonly reason?: unknown; readonly error?: unknown };
    const said = [reason, error].find((part) => typeof part === 'string') ?? '';
    return said.slice(0, MAX_REASON_LENGTH);
  } catch {
    return '';
  }
}

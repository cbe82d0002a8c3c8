import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Address } from '../config/address.ts';
import type { Log } from '../log/log.ts';

/** Whether requests can be served, with what there is to say about it. */
export interface Readiness {
  readonly ready: boolean;
  readonly detail?: Readonly<Record<string, string | number | boolean>>;
}

/** What can be read at `/metrics`. */
export interface MetricsSource {
  readonly contentType: string;
  render(): Promise<string>;
}

export interface HttpServerOptions {
  readonly address: Address;
  readonly readiness: () => Readiness;
  /** Without it `/metrics` is not found. */
  readonly metrics?: MetricsSource | undefined;
  readonly log: Log;
}

interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** Nobody has anything long to say here. */
const REQUEST_TIMEOUT_MS = 10_000;

/**
 * Serves `/healthz` (the process is alive), `/readyz` (200 or 503, with details as JSON) and `/metrics`.
 */
export class HttpServer implements AsyncDisposable {
  readonly #options: HttpServerOptions;
  readonly #server: Server;
  readonly #host: string;

  private constructor(options: HttpServerOptions) {
    this.#options = options;
    this.#host = options.address.host;
    this.#server = createServer(
      { requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: REQUEST_TIMEOUT_MS },
      (request, response) => {
        void this.#serve(request, response);
      },
    );
  }

  /**
   * Starts to listen.
   *
   * @throws when the address cannot be listened on.
   */
  static async listen(options: HttpServerOptions): Promise<HttpServer> {
    const server = new HttpServer(options);
    const listening = once(server.#server, 'listening');
    server.#server.listen(options.address.port, options.address.host);
    await listening;
    server.#server.on('error', (error) => options.log.error({ error }, 'the HTTP server has a fault'));
    return server;
  }

  /** Where it listens, with the port that was picked. */
  get address(): Address {
    const bound = this.#server.address();
    return { host: this.#host, port: typeof bound === 'object' && bound !== null ? bound.port : 0 };
  }

  /** Ends at once: what is asked here can be asked again. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let answer: Answer;
    try {
      answer = await this.#answer(request);
    } catch (error) {
      this.#options.log.error({ error, path: request.url }, 'an HTTP request failed');
      answer = json(500, { error: 'internal error' });
    }
    response.writeHead(answer.status, {
      'content-type': answer.contentType,
      'content-length': Buffer.byteLength(answer.body),
      'cache-control': 'no-store',
      ...(answer.status === 405 && { allow: 'GET, HEAD' }),
    });
    response.end(request.method === 'HEAD' ? undefined : answer.body);
  }

  async #answer(request: IncomingMessage): Promise<Answer> {
    if (request.method !== 'GET' && request.method !== 'HEAD') return json(405, { error: 'only GET and HEAD' });
    const { metrics, readiness } = this.#options;
    switch ((request.url ?? '').split('?', 1)[0]) {
      case '/healthz':
        return json(200, { status: 'alive' });
      case '/readyz': {
        const { ready, detail } = readiness();
        return json(ready ? 200 : 503, { status: ready ? 'ready' : 'not ready', ...detail });
      }
      case '/metrics':
        if (metrics !== undefined)
          return { status: 200, contentType: metrics.contentType, body: await metrics.render() };
        break;
      default:
    }
    return json(404, { error: 'not found' });
  }
}

function json(status: number, content: Readonly<Record<string, unknown>>): Answer {
  return { status, contentType: 'application/json', body: `${JSON.stringify(content)}\n` };
}

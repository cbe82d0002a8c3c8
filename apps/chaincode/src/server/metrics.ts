import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { collectDefaultMetrics, Counter, Histogram, Registry } from 'prom-client';
import type { InvocationEnd, InvocationObserver } from '../contracts/observer.ts';

const MILLIS_PER_SECOND = 1000;
const BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const REQUEST_TIMEOUT_MS = 10_000;

/** Counts invocations, in a registry of its own. */
export class ChaincodeMetrics implements InvocationObserver {
  readonly #registry = new Registry();
  readonly #transactions = new Counter({
    name: 'orc_db_transaction_total',
    help: 'Transactions on the ledger, by procedure and outcome',
    labelNames: ['method', 'outcome'],
    registers: [this.#registry],
  });
  readonly #durations = new Histogram({
    name: 'orc_chaincode_invocation_seconds',
    help: 'Duration of invocations, by procedure',
    labelNames: ['method'],
    buckets: BUCKETS_SECONDS,
    registers: [this.#registry],
  });

  constructor() {
    collectDefaultMetrics({ register: this.#registry });
  }

  onEnd({ functionName, outcome, durationMs }: InvocationEnd): void {
    this.#transactions.inc({ method: functionName, outcome });
    this.#durations.observe({ method: functionName }, durationMs / MILLIS_PER_SECOND);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  render(): Promise<string> {
    return this.#registry.metrics();
  }
}

/** Serves /metrics, and /healthz for probes. */
export class MetricsServer implements AsyncDisposable {
  readonly #server: Server;

  private constructor(metrics: ChaincodeMetrics) {
    this.#server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
      void answer(request.url ?? '', response, metrics);
    });
  }

  /** @throws Error when the address cannot be listened on. */
  static async listen(metrics: ChaincodeMetrics, address: { readonly host: string; readonly port: number }): Promise<MetricsServer> {
    const server = new MetricsServer(metrics);
    const listening = once(server.#server, 'listening');
    server.#server.listen(address.port, address.host);
    await listening;
    return server;
  }

  get port(): number {
    const bound = this.#server.address();
    return typeof bound === 'object' && bound !== null ? bound.port : 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}

async function answer(url: string, response: ServerResponse, metrics: ChaincodeMetrics): Promise<void> {
  const [path] = url.split('?', 1);
  if (path === '/metrics') {
    const body = await metrics.render();
    response.writeHead(200, { 'content-type': metrics.contentType }).end(body);
  } else if (path === '/healthz') {
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"status":"alive"}\n');
  } else {
    response.writeHead(404).end();
  }
}

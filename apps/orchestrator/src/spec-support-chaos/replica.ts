import { DatabaseProxy, ServerProcess, type SteppedClock, TcpProxy } from '@orchestrator/tools';
import { SpecClient } from '../spec-client.ts';
import { eventually } from '../spec-waiting.ts';

const START_TIMEOUT_MS = 120_000;
/** Short, so that a client soon learns that nobody knows. */
const CALL_DEADLINE_MS = 5000;
/** A client whose server was away is back soon after it. */
const CLIENT_OPTIONS = { deadlineMs: CALL_DEADLINE_MS, 'grpc.initial_reconnect_backoff_ms': 100, 'grpc.max_reconnect_backoff_ms': 500 };

export interface ReplicaOptions {
  readonly databaseUrl: string;
  readonly amqpUrl: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly clock: SteppedClock | undefined;
}

/** A server in a process of its own, and a proxy on each way that leads to it or away from it. */
export class Replica implements AsyncDisposable {
  /** On the way to PostgreSQL: loses connections at COMMIT. */
  readonly commits: DatabaseProxy;
  /** Behind it: everything else that can happen to a connection. */
  readonly databaseLink: TcpProxy;
  readonly brokerLink: TcpProxy;
  readonly clientLink: TcpProxy;
  readonly clock: SteppedClock | undefined;
  /** A client that stays, whichever process is behind the proxy. */
  readonly client: SpecClient;
  readonly #environment: Readonly<Record<string, string>>;
  #server: ServerProcess;

  private constructor(parts: Pick<Replica, 'commits' | 'databaseLink' | 'brokerLink' | 'clientLink' | 'clock' | 'client'>, started: Started) {
    this.commits = parts.commits;
    this.databaseLink = parts.databaseLink;
    this.brokerLink = parts.brokerLink;
    this.clientLink = parts.clientLink;
    this.clock = parts.clock;
    this.client = parts.client;
    this.#environment = started.environment;
    this.#server = started.server;
  }

  static async start({ databaseUrl, amqpUrl, environment, clock }: ReplicaOptions): Promise<Replica> {
    await using stack = new AsyncDisposableStack();
    const databaseLink = stack.use(await TcpProxy.start(databaseUrl));
    const commits = stack.use(await DatabaseProxy.start(databaseLink.url));
    const brokerLink = stack.use(await TcpProxy.start(amqpUrl));
    const settings = { ...environment, ...clock?.environment, ORCHESTRATOR_DATABASE_URL: commits.url, ORCHESTRATOR_AMQP_DSN: brokerLink.url };
    const server = await ServerProcess.start(settings);
    const clientLink = await TcpProxy.start(`http://${server.grpcAddress}`);
    const client = new SpecClient(new URL(clientLink.url).host, undefined, CLIENT_OPTIONS);
    stack.move();
    return new Replica({ commits, databaseLink, brokerLink, clientLink, clock, client }, { environment: settings, server });
  }

  /** `host:port` for clients; it stays. */
  get address(): string {
    return new URL(this.clientLink.url).host;
  }

  /** What the process that runs now printed last. */
  get output(): string {
    return this.#server.output;
  }

  /** @throws Error when the process has ended and nobody ended it. */
  requireAlive(): void {
    if (this.#server.hasEnded) throw new Error(`a server ended by itself; it said:\n${this.output}`);
  }

  /** Ends the process, and starts another after a while. @throws Error unless it ends as it should. */
  async restart(signal: 'SIGKILL' | 'SIGTERM', pause: () => Promise<unknown>): Promise<void> {
    this.requireAlive();
    this.#server.kill(signal);
    const end = await this.#server.ended();
    const isRight = signal === 'SIGKILL' ? end.signal === 'SIGKILL' : end.code === 0;
    if (!isRight) throw new Error(`a server ended with ${JSON.stringify(end)} after ${signal}; it said:\n${this.output}`);
    await pause();
    // While PostgreSQL is away no server starts: whoever runs one starts it again.
    this.#server = await eventually('a server starts', () => ServerProcess.start(this.#environment), START_TIMEOUT_MS);
    this.clientLink.retarget(Number(new URL(`http://${this.#server.grpcAddress}`).port));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client[Symbol.dispose]();
    this.#server.kill('SIGKILL');
    await this.#server.ended();
    for (const proxy of [this.clientLink, this.brokerLink, this.commits, this.databaseLink]) await proxy[Symbol.asyncDispose]();
  }
}

interface Started {
  readonly environment: Readonly<Record<string, string>>;
  readonly server: ServerProcess;
}

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

const STARTUP_HEADER_BYTES = 4;
const HEADER_BYTES = 5;
const EXECUTE = 'E'.charCodeAt(0);
const QUERY = 'Q'.charCodeAt(0);
const BIND = 'B'.charCodeAt(0);

/** What the proxy does when it sees the COMMIT of a writing transaction. */
export type CommitFault =
  /** The connection is cut before COMMIT reaches the database. */
  | 'before'
  /** COMMIT reaches the database; the connection is cut before the answer reaches the client. */
  | 'after';

/** What crossed the proxy since the last `reset`. */
export interface ProxyCounts {
  /** Statements that were run, BEGIN and COMMIT included. */
  readonly statements: number;
  /** How often the client waited for the database: turns from sending to receiving. */
  readonly roundTrips: number;
}

/** A proxy before PostgreSQL on loopback that counts statements and loses connections when it is told to. */
export class DatabaseProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #target: URL;
  readonly #connections = new Set<Connection>();
  #fault: CommitFault | undefined;
  #struck = Promise.withResolvers<void>();
  #statements = 0;
  #roundTrips = 0;

  private constructor(target: URL) {
    this.#target = target;
    this.#server = createServer((client) => this.#accept(client));
  }

  /** @param url of the database behind the proxy. */
  static async start(url: string): Promise<DatabaseProxy> {
    const proxy = new DatabaseProxy(new URL(url));
    await proxy.open();
    return proxy;
  }

  /** Connection string that leads through the proxy. */
  get url(): string {
    const url = new URL(this.#target);
    url.hostname = '127.0.0.1';
    url.port = String((this.#server.address() as AddressInfo).port);
    return url.href;
  }

  get counts(): ProxyCounts {
    return { statements: this.#statements, roundTrips: this.#roundTrips };
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  reset(): void {
    this.#statements = 0;
    this.#roundTrips = 0;
  }

  /** The next COMMIT of a writing transaction meets the fault, once. @returns what resolves when it has. */
  loseNextCommit(fault: CommitFault): Promise<void> {
    this.#fault = fault;
    this.#struck = Promise.withResolvers<void>();
    return this.#struck.promise;
  }

  /** Cuts all connections and refuses new ones until `open`. */
  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.cut();
    await closed;
  }

  /** Cuts all connections; new ones are taken. */
  cut(): void {
    for (const connection of this.#connections) connection.cut();
  }

  /** Takes connections, on the same port as before. */
  async open(port = 0): Promise<void> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#server.listening) await this.close();
  }

  #accept(client: Socket): void {
    const target = connect(Number(this.#target.port || 5432), this.#target.hostname);
    const connection = new Connection(client, target, {
      statement: () => (this.#statements += 1),
      roundTrip: () => (this.#roundTrips += 1),
      commit: () => {
        const fault = this.#fault;
        this.#fault = undefined;
        if (fault !== undefined) this.#struck.resolve();
        return fault;
      },
      ended: () => this.#connections.delete(connection),
    });
    this.#connections.add(connection);
  }
}

interface ConnectionListener {
  statement(): void;
  roundTrip(): void;
  commit(): CommitFault | undefined;
  ended(): void;
}

/** One session, its frontend messages read as they pass. */
class Connection {
  readonly #client: Socket;
  readonly #target: Socket;
  readonly #listener: ConnectionListener;
  #pending = Buffer.alloc(0);
  #isStarted = false;
  #isSending = false;
  #dropAnswers = false;

  constructor(client: Socket, target: Socket, listener: ConnectionListener) {
    this.#client = client;
    this.#target = target;
    this.#listener = listener;
    client.setNoDelay(true);
    target.setNoDelay(true);
    client.on('data', (data: Buffer) => this.#fromClient(data));
    target.on('data', (data: Buffer) => this.#fromTarget(data));
    for (const socket of [client, target]) {
      socket.on('error', () => this.cut());
      socket.on('close', () => this.cut());
    }
  }

  cut(): void {
    this.#client.destroy();
    this.#target.destroy();
    this.#listener.ended();
  }

  #fromClient(data: Buffer): void {
    const fault = this.#read(data);
    if (fault === 'before') return this.cut();
    if (fault === 'after') this.#dropAnswers = true;
    this.#target.write(data);
  }

  #fromTarget(data: Buffer): void {
    if (this.#isSending) this.#listener.roundTrip();
    this.#isSending = false;
    if (this.#dropAnswers) this.cut();
    else this.#client.write(data);
  }

  #read(data: Buffer): CommitFault | undefined {
    this.#pending = Buffer.concat([this.#pending, data]);
    let fault: CommitFault | undefined;
    for (;;) {
      const header = this.#isStarted ? HEADER_BYTES : STARTUP_HEADER_BYTES;
      if (this.#pending.length < header) return fault;
      const end = this.#pending.readUInt32BE(header - STARTUP_HEADER_BYTES) + header - STARTUP_HEADER_BYTES;
      if (this.#pending.length < end) return fault;
      if (this.#isStarted) fault ??= this.#see(this.#pending.subarray(0, end));
      this.#isStarted = true;
      this.#pending = this.#pending.subarray(end);
    }
  }

  #see(message: Buffer): CommitFault | undefined {
    const [type] = message;
    if (type === EXECUTE || type === QUERY) {
      this.#listener.statement();
      this.#isSending = true;
    }
    // Bind: portal name, then the name of the prepared statement.
    const isCommit = type === BIND && message.subarray(HEADER_BYTES).toString('latin1').startsWith('\0commit\0');
    return isCommit ? this.#listener.commit() : undefined;
  }
}

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** Which way bytes go: `up` to the service behind the proxy, `down` to its client. */
export type Direction = 'up' | 'down';

/** Which bytes are kept back. */
export interface Hold {
  readonly direction: Direction;
  /** A connection is held from the first bytes on that contain this text; every connection at once when left out. */
  readonly containing?: string;
}

/**
 * A proxy before any service on loopback that cuts connections, and keeps bytes back: for tests that need a failure at
 * one point of a protocol.
 */
export class TcpProxy implements AsyncDisposable {
  readonly #server: Server;
  #target: URL;
  readonly #connections = new Set<Connection>();
  #hold: Hold | undefined;
  #delayMs = 0;
  #caught = Promise.withResolvers<void>();

  private constructor(target: URL) {
    this.#target = target;
    this.#server = createServer((client) => this.#accept(client));
  }

  /** @param url of the service behind the proxy, with its port. */
  static async start(url: string): Promise<TcpProxy> {
    const proxy = new TcpProxy(new URL(url));
    await proxy.#listen(0);
    return proxy;
  }

  /** The address of the service, through the proxy. */
  get url(): string {
    const url = new URL(this.#target);
    url.hostname = '127.0.0.1';
    url.port = String(this.#port);
    return url.href;
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  /** Leads new connections to another port of the loopback interface, where the service has come back. */
  retarget(port: number): void {
    const target = new URL(this.#target);
    target.port = String(port);
    this.#target = target;
  }

  /** Keeps bytes back from now on. @returns what resolves when the first ones were. */
  hold(hold: Hold): Promise<void> {
    this.#hold = hold;
    this.#caught = Promise.withResolvers<void>();
    return this.#caught.promise;
  }

  /** Lets everything through again, first what was kept back. */
  release(): void {
    this.#hold = undefined;
    for (const connection of this.#connections) connection.release();
  }

  /** Everything that comes from now on is passed on so much later, in order. */
  delay(delayMs: number): void {
    this.#delayMs = delayMs;
  }

  /**
   * Ends the connections that there are in one direction: who reads there meets the end, what is still sent there is
   * lost, and the other direction stays open until somebody closes it. New ones are whole.
   */
  halfClose(direction: Direction): void {
    for (const connection of this.#connections) connection.halfClose(direction);
  }

  /** The connections that there are stay open, and nothing comes through them any more. New ones are whole. */
  silence(): void {
    for (const connection of this.#connections) connection.silence();
  }

  /** Cuts all connections with what was kept back on them; new ones are taken. */
  cut(): void {
    for (const connection of this.#connections) connection.cut();
  }

  /** Cuts all connections and refuses new ones until `open`. */
  async close(): Promise<void> {
    this.#closedPort = this.#port;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.cut();
    await closed;
  }

  /** Takes connections again, on the same port. */
  async open(): Promise<void> {
    await this.#listen(this.#closedPort);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#server.listening) await this.close();
  }

  #closedPort = 0;

  get #port(): number {
    return this.#server.listening ? (this.#server.address() as AddressInfo).port : this.#closedPort;
  }

  async #listen(port: number): Promise<void> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  #accept(client: Socket): void {
    const target = connect(Number(this.#target.port), this.#target.hostname);
    const connection = new Connection(client, target, {
      isCaught: (direction, data) => this.#isCaught(direction, data),
      delayMs: () => this.#delayMs,
      ended: () => this.#connections.delete(connection),
    });
    this.#connections.add(connection);
  }

  #isCaught(direction: Direction, data: Buffer): boolean {
    const hold = this.#hold;
    if (hold === undefined || hold.direction !== direction) return false;
    const isCaught = hold.containing === undefined || data.includes(hold.containing);
    if (isCaught) this.#caught.resolve();
    return isCaught;
  }
}

interface ConnectionListener {
  isCaught(direction: Direction, data: Buffer): boolean;
  delayMs(): number;
  ended(): void;
}

class Connection {
  readonly #sockets: Readonly<Record<Direction, Socket>>;
  readonly #listener: ConnectionListener;
  /** What is kept back, by its direction; undefined while nothing is. */
  readonly #held: Record<Direction, Buffer[] | undefined> = { up: undefined, down: undefined };
  /** What waits for its delay to pass: nothing overtakes it. */
  readonly #late: Readonly<Record<Direction, Buffer[]>> = { up: [], down: [] };
  readonly #isEnded: Record<Direction, boolean> = { up: false, down: false };

  constructor(client: Socket, target: Socket, listener: ConnectionListener) {
    this.#sockets = { up: target, down: client };
    this.#listener = listener;
    client.on('data', (data: Buffer) => this.#pass('up', data));
    target.on('data', (data: Buffer) => this.#pass('down', data));
    for (const socket of [client, target]) {
      socket.setNoDelay(true);
      socket.on('error', () => this.cut());
      socket.on('close', () => this.cut());
    }
  }

  cut(): void {
    this.#sockets.up.destroy();
    this.#sockets.down.destroy();
    this.#listener.ended();
  }

  release(): void {
    for (const direction of ['up', 'down'] as const) {
      const held = this.#held[direction];
      this.#held[direction] = undefined;
      for (const data of held ?? []) this.#write(direction, data);
    }
  }

  silence(): void {
    this.#isEnded.up = true;
    this.#isEnded.down = true;
  }

  halfClose(direction: Direction): void {
    this.#isEnded[direction] = true;
    this.#sockets[direction].end();
  }

  #pass(direction: Direction, data: Buffer): void {
    if (this.#held[direction] === undefined && this.#listener.isCaught(direction, data)) this.#held[direction] = [];
    const held = this.#held[direction];
    if (held !== undefined) held.push(data);
    else this.#passLater(direction, data);
  }

  #passLater(direction: Direction, data: Buffer): void {
    const late = this.#late[direction];
    const delayMs = this.#listener.delayMs();
    if (delayMs === 0 && late.length === 0) return this.#write(direction, data);
    late.push(data);
    // Timers of different lengths may fire in another order: each passes on what has waited longest.
    setTimeout(() => this.#write(direction, late.shift() ?? data), delayMs);
  }

  #write(direction: Direction, data: Buffer): void {
    if (!this.#isEnded[direction]) this.#sockets[direction].write(data);
  }
}

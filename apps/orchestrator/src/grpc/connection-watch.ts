import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import { guardHeaders } from './header-guard.ts';
import { enforceKeepalivePolicy } from './keepalive-policy.ts';
import type { KeepalivePolicy } from './keepalive-policy.ts';

/** Node tells of each new HTTP/2 stream here, before the server that it belongs to. */
const CHANNEL = 'http2.server.stream.created';

/**
 * How much a client may send before it hears from us, per call and per connection. HTTP/2's own 64 KiB would let a
 * large plan take a round trip for each of its 64 KiB.
 */
const RECEIVE_WINDOW_BYTES = 1024 * 1024;

interface StreamCreated {
  readonly stream: ServerHttp2Stream;
  readonly headers: IncomingHttpHeaders;
}

/** Reaches the connections of a gRPC server, which the gRPC library keeps to itself. */
export class ConnectionWatch implements Disposable {
  readonly #policy: KeepalivePolicy;
  readonly #ports = new Set<number>();
  readonly #seen = new WeakSet<ServerHttp2Session>();
  readonly #onMessage = (message: unknown): void => {
    this.#onStream(message as StreamCreated);
  };

  constructor(policy: KeepalivePolicy) {
    this.#policy = policy;
    subscribe(CHANNEL, this.#onMessage);
  }

  /** Counts the connections to this port as the server's; other HTTP/2 servers of the process are left alone. */
  addPort(port: number): void {
    this.#ports.add(port);
  }

  [Symbol.dispose](): void {
    unsubscribe(CHANNEL, this.#onMessage);
  }

  #onStream({ stream, headers }: StreamCreated): void {
    const session = stream.session as ServerHttp2Session | undefined;
    const port = session?.socket.localPort;
    if (session === undefined || port === undefined || !this.#ports.has(port)) return;
    guardHeaders(headers);
    if (this.#seen.has(session)) return;
    this.#seen.add(session);
    session.settings({ initialWindowSize: RECEIVE_WINDOW_BYTES });
    session.setLocalWindowSize(RECEIVE_WINDOW_BYTES);
    enforceKeepalivePolicy(session, this.#policy);
  }
}

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Server, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Log } from '../log/log.ts';

/** Node tells of each accepted connection here. */
const CHANNEL = 'net.server.socket';

/** What Node adds to an accepted socket. */
interface AcceptedSocket extends Socket {
  readonly server?: Server;
}

/** What Node adds to the socket of TLS: the one below it. */
interface RefusedSocket extends TLSSocket {
  readonly _parent?: Socket;
}

interface HandshakeFault extends Error {
  readonly code?: string;
}

/**
 * Logs TLS handshakes that fail, with the rule that the client's certificate breaks: the client only sees a closed
 * connection, and the gRPC library keeps its listeners to itself.
 */
export class HandshakeWatch implements Disposable {
  readonly #log: Log;
  readonly #ports = new Set<number>();
  readonly #seen = new WeakSet<Server>();
  /** By the time of a fault the sockets have forgotten whom they were connected to. */
  readonly #peers = new WeakMap<Socket, string | undefined>();
  readonly #onMessage = (message: unknown): void => {
    this.#onSocket((message as { readonly socket: AcceptedSocket }).socket);
  };

  constructor(log: Log) {
    this.#log = log;
    subscribe(CHANNEL, this.#onMessage);
  }

  /** Counts the connections to this port as the server's; other servers of the process are left alone. */
  addPort(port: number): void {
    this.#ports.add(port);
  }

  [Symbol.dispose](): void {
    unsubscribe(CHANNEL, this.#onMessage);
  }

  #onSocket(socket: AcceptedSocket): void {
    const { localPort, server } = socket;
    if (localPort === undefined || !this.#ports.has(localPort)) return;
    this.#peers.set(socket, socket.remoteAddress);
    if (server === undefined || this.#seen.has(server)) return;
    this.#seen.add(server);
    server.on('tlsClientError', (error: HandshakeFault, socket: RefusedSocket) => this.#onFault(error, socket));
  }

  #onFault(error: HandshakeFault, socket: RefusedSocket): void {
    const remoteAddress = this.#peers.get(socket._parent ?? socket);
    // Set when the handshake went well and then the certificate was found wanting.
    const rule: unknown = socket.authorizationError ?? error.code;
    if (rule === 'ECONNRESET') {
      // Port checks and clients that do not trust the server.
      this.#log.debug({ remoteAddress }, 'a client went away during the TLS handshake');
      return;
    }
    this.#log.info({ remoteAddress, rule }, `TLS handshake refused: ${sentenceOf(rule) ?? error.message}`);
  }
}

/** The codes of the TLS library that clients' certificates get. */
const sentences: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'the client certificate, or its CA, is not valid any more',
  CERT_NOT_YET_VALID: 'the client certificate, or its CA, is not valid yet',
  CERT_SIGNATURE_FAILURE: 'the client certificate names a CA that has not signed it',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the client certificate is signed by itself',
  SELF_SIGNED_CERT_IN_CHAIN: 'the client certificate leads to a root that is not in the folder of client CAs',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the client certificate is signed by no CA in the folder of client CAs',
  UNABLE_TO_GET_ISSUER_CERT: 'the root of the client certificate is not in the folder of client CAs',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the root of the client certificate is not in the folder of client CAs',
  PATH_LENGTH_EXCEEDED: 'there are more intermediate CAs above the client certificate than their root allows',
  INVALID_PURPOSE: 'the client certificate, or its CA, is not meant for clients (key usage, extended key usage)',
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: 'the client showed no certificate',
  UNSPECIFIED:
    'the client certificate breaks a rule to which the TLS library gives no name: ' +
    'weak key or hash, unknown critical extension, CA that may not sign',
};

function sentenceOf(rule: unknown): string | undefined {
  return typeof rule === 'string' ? sentences[rule] : undefined;
}

import type { ChaincodeInterface } from 'fabric-shim';
import loggers from 'fabric-shim/lib/logger.js';
import ShimServer from 'fabric-shim/lib/server.js';

/** Keys and certificates for mutual TLS, in PEM. */
export interface ServerTls {
  readonly key: Buffer;
  readonly cert: Buffer;
  /** Peers must show a certificate of one of these; none is asked for when absent. */
  readonly clientCaCerts?: Buffer | undefined;
}

/** Where and as what the chaincode is served. */
export interface ChaincodeServerOptions {
  /** The package's id, with which the process answers to its peer. */
  readonly ccid: string;
  /** `host:port`; port 0 picks a free one. */
  readonly address: string;
  /** Plaintext without it. */
  readonly tls?: ServerTls | undefined;
}

/**
 * The shim says several sentences of level debug with each message, and its loggers put each into its final form before
 * they look whether anybody wants it: that takes longer than the message. Our own log says what there is to say.
 */
for (const file of ['chaincode', 'handler', 'iterators', 'server', 'stub']) loggers.getLogger(`lib/${file}.js`).silent = true;

/** ChaincodeMessage.Type.KEEPALIVE of the protocol between peer and chaincode. */
const KEEPALIVE = 18;

/**
 * The shim's server with what its own lacks: it survives a peer's keepalive messages, for which the shim ends the
 * process, it knows its port, and it can be closed.
 */
export class ChaincodeServer extends ShimServer implements AsyncDisposable {
  readonly #address: string;

  constructor(chaincode: ChaincodeInterface, { ccid, address, tls }: ChaincodeServerOptions) {
    super(chaincode, {
      ccid,
      address,
      ...(tls !== undefined && {
        tlsProps: { key: tls.key, cert: tls.cert, ...(tls.clientCaCerts !== undefined && { clientCACerts: tls.clientCaCerts }) },
      }),
      // gRPC's own limit of 4 MiB is below what a peer sends; the peer has limits itself.
      'grpc.max_receive_message_length': -1,
      'grpc.max_send_message_length': -1,
    });
    this.#address = address;
  }

  /** @returns the port that it listens on. @throws Error when the address cannot be listened on. */
  listen(): Promise<number> {
    return new Promise((resolve, reject) => {
      this._server.bindAsync(this.#address, this._credentials, (error, port) => {
        if (error === null) resolve(port);
        else reject(error);
      });
    });
  }

  override connect(stream: ShimServer.PeerStream): void {
    super.connect(withoutKeepalive(stream));
  }

  /** Ends all streams at once. */
  async [Symbol.asyncDispose](): Promise<void> {
    this._server.forceShutdown();
  }
}

/** The stream as the shim sees it: keepalive messages are sent back, as other shims do, and not shown. */
function withoutKeepalive(stream: ShimServer.PeerStream): ShimServer.PeerStream {
  return {
    on: (event, listener) =>
      stream.on(event, (argument) => {
        if (event === 'data' && argument.getType() === KEEPALIVE) stream.write(argument);
        else listener(argument);
      }),
    write: (message) => stream.write(message),
    end: () => stream.end(),
  };
}

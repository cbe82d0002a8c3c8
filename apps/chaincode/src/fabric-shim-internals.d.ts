/** The parts of fabric-shim that its own command uses and its types leave out. */
declare module 'fabric-shim/lib/logger.js' {
  /** The logger of one of the shim's files, always the same one. */
  function getLogger(name: string): { silent: boolean };

  const loggers: { readonly getLogger: typeof getLogger };
  export = loggers;
}

declare module 'fabric-shim/lib/server.js' {
  import type { ChaincodeInterface, ChaincodeServerOpts } from 'fabric-shim';

  interface PeerMessage {
    /** The number of the message's type. */
    getType(): number;
  }

  /** The stream between a peer and this process. */
  interface PeerStream {
    on(event: string, listener: (argument: PeerMessage) => void): unknown;
    write(message: PeerMessage): unknown;
    end(): unknown;
  }

  interface ServerTlsProps {
    readonly key: Buffer;
    readonly cert: Buffer;
    readonly clientCACerts?: Buffer;
  }

  /** The gRPC server that it makes. */
  interface GrpcServer {
    bindAsync(address: string, credentials: unknown, done: (error: Error | null, port: number) => void): void;
    forceShutdown(): void;
  }

  class ChaincodeServer {
    readonly _server: GrpcServer;
    readonly _credentials: unknown;
    constructor(chaincode: ChaincodeInterface, options: Omit<ChaincodeServerOpts, 'tlsProps'> & { tlsProps?: ServerTlsProps });
    connect(stream: Pick<PeerStream, 'on' | 'write' | 'end'>): void;
  }

  namespace ChaincodeServer {
    export type { PeerMessage, PeerStream };
  }

  export = ChaincodeServer;
}

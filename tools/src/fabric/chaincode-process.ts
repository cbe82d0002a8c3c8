import { isListening } from './listening.ts';
import type { ProcessGuard } from './process-guard.ts';
import { Program } from './program.ts';

const READY_TIMEOUT_MS = 60_000;

/** The chaincode server of one organization. */
export interface ChaincodeProcessOptions {
  readonly name: string;
  /** The program and its arguments. */
  readonly command: readonly [string, ...string[]];
  readonly mspid: string;
  readonly packageId: string;
  /** `host:port` where it is to listen. */
  readonly address: string;
  /** Paths of PEM files: its certificate and key, and the CA of the peers' client certificates. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string; readonly rootCertFile: string };
  readonly env?: Readonly<Record<string, string>>;
  readonly folder: string;
  readonly logFile: string;
  readonly guard: ProcessGuard;
}

/** A program with the environment of a chaincode as a service; `start` waits until it listens. */
export function chaincodeProgram({ command, ...options }: ChaincodeProcessOptions): Program {
  const [file, ...args] = command;
  const { tls, address } = options;
  return new Program({
    ...options,
    file,
    args,
    env: {
      CHAINCODE_CCID: options.packageId,
      CHAINCODE_ADDRESS: address,
      CORE_PEER_LOCALMSPID: options.mspid,
      ...(tls === undefined ? {} : { TLS_CERT_FILE: tls.certFile, TLS_KEY_FILE: tls.keyFile, TLS_ROOTCERT_FILE: tls.rootCertFile }),
      ...options.env,
    },
    isReady: () => isListening(address),
    readyTimeoutMs: READY_TIMEOUT_MS,
  });
}

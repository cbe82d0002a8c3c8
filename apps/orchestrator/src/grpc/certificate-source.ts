import type { experimental } from '@grpc/grpc-js';

/** What a listener needs for TLS, in PEM. */
export interface Certificates {
  readonly certificate: Buffer;
  readonly privateKey: Buffer;
  /** With mutual TLS: who may have issued the clients' certificates. */
  readonly clientCas?: Buffer | undefined;
}

type CaListener = experimental.CaCertificateUpdateListener;
type IdentityListener = experimental.IdentityCertificateUpdateListener;

/** Hands certificates, and each later set of them, to the gRPC library. */
export class CertificateSource implements experimental.CertificateProvider {
  readonly #caListeners = new Set<CaListener>();
  readonly #identityListeners = new Set<IdentityListener>();
  #certificates: Certificates;

  constructor(certificates: Certificates) {
    this.#certificates = certificates;
  }

  /** Those in force. */
  get certificates(): Certificates {
    return this.#certificates;
  }

  /** Puts certificates in force for new connections. */
  update(certificates: Certificates): void {
    this.#certificates = certificates;
    for (const listener of this.#caListeners) this.#tellCa(listener);
    for (const listener of this.#identityListeners) this.#tellIdentity(listener);
  }

  // The library adds its listener before it is ready to be told, hence the later turn.
  addCaCertificateListener(listener: CaListener): void {
    this.#caListeners.add(listener);
    queueMicrotask(() => {
      this.#tellCa(listener);
    });
  }

  removeCaCertificateListener(listener: CaListener): void {
    this.#caListeners.delete(listener);
  }

  addIdentityCertificateListener(listener: IdentityListener): void {
    this.#identityListeners.add(listener);
    queueMicrotask(() => {
      this.#tellIdentity(listener);
    });
  }

  removeIdentityCertificateListener(listener: IdentityListener): void {
    this.#identityListeners.delete(listener);
  }

  #tellCa(listener: CaListener): void {
    const { clientCas } = this.#certificates;
    listener(clientCas === undefined ? null : { caCertificate: clientCas });
  }

  #tellIdentity(listener: IdentityListener): void {
    const { certificate, privateKey } = this.#certificates;
    listener({ certificate, privateKey });
  }
}

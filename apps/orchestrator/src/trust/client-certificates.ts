import { createHash } from 'node:crypto';
import type { ClientVerdict, ClientVerifier } from '../grpc/caller.ts';
import { describeError } from '../log/describe-error.ts';
import { parseCertificate } from './certificate.ts';
import type { ParsedCertificate } from './certificate.ts';
import { findPath } from './certificate-path.ts';
import { clientViolation } from './certificate-rules.ts';
import type { CertificateRule } from './certificate-rules.ts';

/** Where the CA certificates come from. */
export interface AuthoritySource {
  of(mspid: string): readonly ParsedCertificate[];
  onChange(listener: () => void): void;
}

/** Signature checks cost tenths of a millisecond and come out the same for every call of a connection. */
const MAX_REMEMBERED = 1000;

/** A refused certificate may become valid by waiting; asked again and again it must cost little. */
const REFUSAL_KEPT_MS = 1000;

interface Remembered {
  readonly verdict: ClientVerdict;
  /** In milliseconds since 1970. */
  readonly untilMs: number;
}

/** Tells whether a client certificate may speak for an organization. */
export class ClientCertificateVerifier implements ClientVerifier {
  readonly #authorities: AuthoritySource;
  readonly #remembered = new Map<string, Remembered>();

  constructor(authorities: AuthoritySource) {
    this.#authorities = authorities;
    authorities.onChange(() => this.#remembered.clear());
  }

  /** Whether the certificate (DER) may speak for the organization, and which rule refuses it. */
  verify(mspid: string, certificate: Uint8Array | undefined): ClientVerdict {
    if (certificate === undefined) return refuse('certificate-shown', 'the client showed no certificate').verdict;
    const nowMs = Date.now();
    const pair = `${createHash('sha256').update(certificate).digest('base64')} ${mspid}`;
    const known = this.#remembered.get(pair);
    if (known !== undefined && nowMs < known.untilMs) return known.verdict;
    const judgement = judge({ mspid, certificate, authorities: this.#authorities.of(mspid), nowMs });
    if (this.#remembered.size >= MAX_REMEMBERED) this.#remembered.clear();
    this.#remembered.set(pair, judgement);
    return judgement.verdict;
  }
}

interface Case {
  readonly mspid: string;
  readonly certificate: Uint8Array;
  readonly authorities: readonly ParsedCertificate[];
  readonly nowMs: number;
}

function judge({ mspid, certificate, authorities, nowMs }: Case): Remembered {
  const until = nowMs + REFUSAL_KEPT_MS;
  let client: ParsedCertificate;
  try {
    client = parseCertificate(certificate);
  } catch (error) {
    return refuse('certificate-readable', `the client certificate cannot be read: ${describeError(error)}`, until);
  }
  const name = JSON.stringify(mspid);
  if (!client.organizations.includes(mspid))
    return refuse('organization', `${name} is no organization (O=) of the client certificate`, until);
  const violation = clientViolation({ certificate: client, title: 'the client certificate', nowMs });
  if (violation !== undefined) return refuse(violation.rule, violation.reason, until);
  if (authorities.length === 0) return refuse('organization-has-ca', `there is no CA certificate of ${name}`, until);
  const path = findPath({ certificate: client, authorities, mspid, nowMs });
  if (!path.found) return refuse(path.violation.rule, path.violation.reason, until);
  return { verdict: { accepted: true }, untilMs: path.untilMs };
}

function refuse(rule: CertificateRule, reason: string, untilMs = 0): Remembered {
  return { verdict: { accepted: false, rule, reason }, untilMs };
}

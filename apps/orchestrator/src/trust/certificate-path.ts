import { isSelfSigned, isSignedWith } from './certificate.ts';
import type { ParsedCertificate } from './certificate.ts';
import { authorityTitle, authorityViolation } from './certificate-rules.ts';
import type { Violation } from './certificate-rules.ts';

export interface PathSearch {
  /** The client's. */
  readonly certificate: ParsedCertificate;
  /** The CA certificates of one organization, roots and intermediates. */
  readonly authorities: readonly ParsedCertificate[];
  readonly mspid: string;
  readonly nowMs: number;
}

/** A path to a root with the time, in milliseconds since 1970, at which the first of its certificates ends. */
export type PathResult =
  | { readonly found: true; readonly untilMs: number }
  | { readonly found: false; readonly violation: Violation };

/** One step of the search: what is to be found is who signed `child`. */
interface Step {
  readonly search: PathSearch;
  readonly child: ParsedCertificate;
  readonly childTitle: string;
  /** Intermediate CAs from the client up to `child`, those left out that only renew themselves. */
  readonly intermediates: number;
  readonly used: ReadonlySet<ParsedCertificate>;
}

/**
 * Finds a way from a client's certificate over its organization's CAs to one of their roots on which every CA keeps
 * every rule. When there is none, the first violation is told.
 */
export function findPath(search: PathSearch): PathResult {
  const child = search.certificate;
  const result = climb({ search, child, childTitle: 'the client certificate', intermediates: 0, used: new Set() });
  if (!result.found) return result;
  return { found: true, untilMs: Math.min(result.untilMs, endOf(child)) };
}

function climb(step: Step): PathResult {
  const { search, child, used } = step;
  const signers = search.authorities.filter(
    (authority) => !used.has(authority) && isSignedWith(child.x509, authority.x509),
  );
  let violation: Violation | undefined;
  for (const signer of signers) {
    const result = pass(step, signer);
    if (result.found) return { found: true, untilMs: Math.min(result.untilMs, endOf(signer)) };
    violation ??= result.violation;
  }
  return { found: false, violation: violation ?? noSigner(step) };
}

/** Goes on from a CA that has signed the step's certificate. */
function pass(step: Step, signer: ParsedCertificate): PathResult {
  const title = authorityTitle(signer);
  const violation =
    authorityViolation({ certificate: signer, title, nowMs: step.search.nowMs }) ?? edgeViolation(step, signer);
  if (violation !== undefined) return { found: false, violation };
  if (isSelfSigned(signer)) return { found: true, untilMs: endOf(signer) };
  return climb({
    search: step.search,
    child: signer,
    childTitle: title,
    intermediates: step.intermediates + (signer.x509.subject === signer.x509.issuer ? 0 : 1),
    used: new Set(step.used).add(signer),
  });
}

function edgeViolation({ child, childTitle, intermediates }: Step, signer: ParsedCertificate): Violation | undefined {
  if (!child.x509.checkIssued(signer.x509)) {
    const reason = `${childTitle} names another issuer or another key id than that of ${authorityTitle(signer)}, which signed it`;
    return { rule: 'issuer-name', reason };
  }
  if (signer.pathLength === undefined || intermediates <= signer.pathLength) return undefined;
  const reason = `${authorityTitle(signer)} allows ${signer.pathLength} intermediate CAs below it, and there are ${intermediates}`;
  return { rule: 'path-length', reason };
}

function noSigner({ search, childTitle, used }: Step): Violation {
  const mspid = JSON.stringify(search.mspid);
  if (used.size === 0) return { rule: 'issuer', reason: `the client certificate is signed by no CA of ${mspid}` };
  return { rule: 'root', reason: `${childTitle} leads to no root among the CA certificates of ${mspid}` };
}

function endOf({ x509 }: ParsedCertificate): number {
  return x509.validToDate.getTime();
}

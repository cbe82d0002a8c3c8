import type { PeerCertificate } from 'node:tls';
import type { Metadata } from '@grpc/grpc-js';
import { badRequest, invalidAsset, permissionDenied } from '@orchestrator/lib';
import type { Log } from '../log/log.ts';
import type { Caller } from '../mode.ts';
import { createRequestId } from './call-observer.ts';
import { ILLEGAL_HEADER } from './header-guard.ts';

/** Which organizations are members of which channels. */
export interface ChannelRegistry {
  /** `unknown` when there is no such channel, no such organization, or it is not a member. */
  isMember(channel: string, mspid: string): 'ok' | 'unknown';
}

/** Checks that a client certificate belongs to the organization that the client claims to be. */
export interface ClientVerifier {
  /** @param certificate DER; absent when the client showed none that the transport trusts. */
  verify(mspid: string, certificate: Uint8Array | undefined): ClientVerdict;
}

/** The rule that refuses it, by its name, and the reason are for the log, not for the client. */
export type ClientVerdict =
  { readonly accepted: true } | { readonly accepted: false; readonly rule: string; readonly reason: string };

/** What it takes to tell who calls. */
export interface Admission {
  readonly channels: ChannelRegistry;
  readonly verifier?: ClientVerifier | undefined;
  /** Whether those who follow the calls want to know what each call shows of itself; it costs some time. */
  readonly keepsEvidence?: boolean | undefined;
  readonly log: Log;
}

/** What a call says of its caller: a narrow slice of the gRPC library's calls. */
export interface CallHeaders {
  readonly metadata: Metadata;
  getAuthContext(): { readonly sslPeerCertificate?: PeerCertificate | undefined };
}

const MAX_REQUEST_ID_LENGTH = 64;
const MAX_CLAIM_LENGTH = 255;
const idempotencyKeyPattern = /^[ -~]{1,128}$/;

/** The `reqid` header in a form that is safe to log; random when there is none. */
export function readRequestId(metadata: Metadata): string {
  const requestId = metadata.get('reqid').join(',').replaceAll(/[^!-~]/g, '_').slice(0, MAX_REQUEST_ID_LENGTH);
  return requestId === '' ? createRequestId() : requestId;
}

/** Who a call says it is from, in a form that is safe to log, in order or not. */
export function readClaim(metadata: Metadata): { readonly mspid: string; readonly channel: string } {
  const read = (name: string): string =>
    metadata.get(name).join(',').replaceAll(/[^ -~]/g, '_').slice(0, MAX_CLAIM_LENGTH);
  return { mspid: read('mspid'), channel: read('channel') };
}

/** The certificate that the call's client showed, DER. */
export function certificateOf(call: CallHeaders): Uint8Array | undefined {
  return call.getAuthContext().sslPeerCertificate?.raw;
}

/**
 * Reads the headers of a call.
 *
 * @throws OrchestrationError OE0003 for a missing, repeated or empty header, OE0101 for one with characters that do not
 *   belong there.
 */
export function readCaller(metadata: Metadata, requestId: string): Caller {
  for (const name of metadata.get(ILLEGAL_HEADER)) {
    throw invalidAsset(`header "${String(name)}" has other characters than printable ASCII`);
  }
  const mspid = readRequired(metadata, 'mspid');
  const channel = readRequired(metadata, 'channel');
  const chaincode = readOptional(metadata, 'chaincode');
  return { channel, mspid, chaincode, requestId, idempotencyKey: readIdempotencyKey(metadata) };
}

/** Who a call says it is from, and what it shows for it. */
export interface Claim {
  readonly caller: Caller;
  /** Asked for only when it matters. */
  readonly certificate: () => Uint8Array | undefined;
}

/**
 * Checks that the caller may be who it says, with the channels and certificates that are in force now.
 *
 * @throws OrchestrationError OE0102 for a caller who is not a member of the channel or whose certificate is another's.
 */
export function checkCaller({ channels, verifier, log }: Admission, { caller, certificate }: Claim): void {
  const { mspid, channel, requestId } = caller;
  if (channels.isMember(channel, mspid) !== 'ok') {
    // One sentence for all cases: it must not tell which channels exist.
    throw permissionDenied(`organization "${mspid}" is not a member of channel "${channel}"`);
  }
  if (verifier === undefined) return;
  const verdict = verifier.verify(mspid, certificate());
  if (verdict.accepted) return;
  log.info({ requestId, mspid, channel, rule: verdict.rule, reason: verdict.reason }, 'client certificate refused');
  throw permissionDenied(`the client certificate is not one of organization "${mspid}"`);
}

function readRequired(metadata: Metadata, name: string): string {
  const value = readOptional(metadata, name);
  if (value === undefined) throw badRequest(`header "${name}" is missing`);
  return value;
}

/** HTTP/2 libraries join repeated headers with a comma, so a comma counts as a repeat. */
function readOptional(metadata: Metadata, name: string): string | undefined {
  const values = metadata.get(name);
  if (values.length === 0) return undefined;
  const value = values.join(',');
  if (value.includes(',')) throw badRequest(`header "${name}" is repeated`);
  if (value.trim() === '') throw badRequest(`header "${name}" is empty`);
  return value;
}

function readIdempotencyKey(metadata: Metadata): string | undefined {
  const values = metadata.get('idempotency-key');
  if (values.length === 0) return undefined;
  const key = values.join(',');
  if (!idempotencyKeyPattern.test(key)) {
    throw invalidAsset('header "idempotency-key" must have 1 to 128 printable ASCII characters');
  }
  return key;
}

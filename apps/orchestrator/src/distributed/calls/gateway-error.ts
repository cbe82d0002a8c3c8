import { status } from '@grpc/grpc-js';
import { GatewayError } from '@hyperledger/fabric-gateway';
import { badRequest, parseFailure, permissionDenied } from '@orchestrator/lib';
import { MessageTooLargeError, UnavailableError } from '../../errors.ts';

/**
 * What a failure of the gateway means:
 * - `refused`: it stays as it is, whoever tries again;
 * - `conflict`: nothing is written, and the same request may succeed with a new proposal;
 * - `outage`: something is out of reach and will come back. `sent` tells whether what was sent may have arrived all the
 *   same;
 * - `absent`: the peer knows no such channel or chaincode, or not yet.
 */
export type Failure =
  | { readonly kind: 'refused' | 'conflict' | 'absent'; readonly error: Error }
  | {
      readonly kind: 'outage';
      readonly error: Error;
      readonly sent: boolean;
      /** Transactions cannot be ordered. */
      readonly isOrdererLost?: boolean;
    };

interface Rule {
  readonly pattern: RegExp;
  readonly meaning: (match: RegExpExecArray) => Failure;
}

/** The texts of Fabric 2.5, first match first. None of its words reach the client: they hold addresses. */
const rules: readonly Rule[] = [
  { pattern: /too many requests for/, meaning: () => outage('the peer has too many requests, try again later', false) },
  { pattern: /ProposalResponsePayloads do not match/, meaning: () => disagreement() },
  {
    pattern: /message payload is (\d+) bytes and exceeds maximum allowed (\d+) bytes/,
    meaning: ([, bytes, limit]) => tooLarge('transaction', { bytes, limit }),
  },
  {
    pattern: /message larger than max \((\d+) vs\.? (\d+)\)/,
    meaning: ([, bytes, limit]) => tooLarge('request', { bytes, limit }),
  },
  { pattern: /client identity expired/, meaning: () => refusedIdentity('its certificate has expired') },
  {
    pattern: /access denied: channel|creator is malformed|creator is empty|Failed evaluating policy|implicit policy evaluation failed/,
    meaning: () => refusedIdentity('it is none of the channel, or has no rights in it'),
  },
  {
    pattern: /has not been initialized for this version/,
    meaning: () => refused(badRequest('the chaincode has not been initialized')),
  },
  {
    pattern: /No metadata was found for chaincode|no peers available to evaluate chaincode/,
    meaning: () => ({ kind: 'absent', error: badRequest('no peer of the organization has this chaincode on this channel') }),
  },
  {
    pattern: /failed to get config for channel|Failed to get policy manager for channel/,
    meaning: () => ({ kind: 'absent', error: badRequest('the peer has not joined this channel') }),
  },
  // The identifier of a proposal was drawn before: a new one will do.
  { pattern: /duplicate transaction found|error sending: txid: \S+ exists/, meaning: () => disagreement() },
  {
    pattern: /could not launch chaincode|chaincode stream terminated|timeout expired while executing/,
    meaning: () => outage('the chaincode cannot be reached or does not answer', false),
  },
  { pattern: /required chaincodes are not installed|no combination of peers/, meaning: () => tooFewPeers() },
  { pattern: /failed to collect enough transaction endorsements/, meaning: () => tooFewPeers() },
  {
    // The orderer has read it, and will not have it.
    pattern: /received unsuccessful response from orderer/,
    meaning: () => refused(badRequest('the ordering service refuses the transaction')),
  },
  // Connections that were never made.
  { pattern: /no orderers could successfully process/, meaning: ({ input }) => orderersLost(input) },
  { pattern: /no orderer nodes available/, meaning: () => orderersLost('error while dialing') },
  { pattern: /No connection established|Name resolution failed/, meaning: () => outage(PEER_LOST, false) },
];

const CHAINCODE_RESPONSE = /^(?:evaluate call to endorser returned error: )?chaincode response (-?\d+), (.*)$/s;

const PEER_LOST = 'the peer cannot be reached, try again later';

/** Statuses without a text that tells more: the call was cut, and it is unknown how far it got. */
const CUT_OFF: readonly number[] = [
  status.UNAVAILABLE,
  status.CANCELLED,
  status.ABORTED,
  status.INTERNAL,
];

/** What a failure of the gateway's client means; undefined for errors that are none of it. */
export function classify(error: unknown): Failure | undefined {
  if (!(error instanceof GatewayError)) return undefined;
  const texts = textsOf(error);
  const answer = texts.map((text) => CHAINCODE_RESPONSE.exec(text)).find((match) => match !== null);
  if (answer !== undefined) return ofChaincode(error, answer[2] ?? '');
  for (const { pattern, meaning } of rules) {
    const text = texts.find((candidate) => pattern.test(candidate));
    const match = text === undefined ? null : pattern.exec(texts.join('\n'));
    if (match !== null) return meaning(match);
  }
  if (error.code === (status.DEADLINE_EXCEEDED as number)) return outage('the ledger did not answer in time, try again later', true);
  if (CUT_OFF.includes(error.code)) return outage(PEER_LOST, true);
  return undefined;
}

/** The error for the client: an OrchestrationError, UnavailableError or MessageTooLargeError; others as they are. */
export function toClientError(error: unknown): unknown {
  return classify(error)?.error ?? error;
}

/** The own words of a peer that fails stand in the details, where there are some. */
function textsOf({ message, details }: GatewayError): readonly string[] {
  return [...details.map((detail) => detail.message), message.replace(/^\d+ [A-Z_]+: /, '')];
}

function ofChaincode({ message }: GatewayError, words: string): Failure {
  // The own peer has endorsed the proposal, and only another refuses it: that one is a block behind, most likely.
  if (message.includes('failed to collect enough transaction endorsements')) return disagreement();
  const refusal = parseFailure(words);
  if (refusal !== undefined) return refused(refusal);
  return refused(new Error(`the chaincode failed: ${words}`));
}

function disagreement(): Failure {
  const error = new UnavailableError('the peers of the organizations do not agree on the outcome, try again later');
  return { kind: 'conflict', error };
}

function refused(error: Error): Failure {
  return { kind: 'refused', error };
}

function refusedIdentity(why: string): Failure {
  return refused(permissionDenied(`the ledger refuses the identity of this server: ${why}`));
}

function outage(sentence: string, sent: boolean): Failure {
  return { kind: 'outage', error: new UnavailableError(sentence), sent };
}

function tooFewPeers(): Failure {
  return outage('too few organizations can endorse the transaction now, try again later', false);
}

/**
 * Only connections that were refused have certainly carried nothing. An orderer that answers "not now", which leaves no
 * detail, may have handed the transaction to its leader all the same.
 */
function orderersLost(text: string): Failure {
  const lines = text.split('\n').filter((line) => !line.includes('no orderers could successfully process'));
  const sent = lines.length === 0 || lines.some((line) => !/[Ee]rror while dialing/.test(line));
  const error = new UnavailableError('the ordering service cannot be reached, try again later');
  return { kind: 'outage', error, sent, isOrdererLost: true };
}

function tooLarge(
  what: 'request' | 'transaction',
  { bytes, limit }: { readonly bytes: string | undefined; readonly limit: string | undefined },
): Failure {
  return refused(new MessageTooLargeError({ what, bytes: Number(bytes), limitBytes: Number(limit) }));
}

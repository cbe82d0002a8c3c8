import { Metadata, status } from '@grpc/grpc-js';
import { GatewayError } from '@hyperledger/fabric-gateway';
import { describe, expect, test } from 'vitest';
import { toCallStatus } from '../../grpc/status.ts';
import { classify, toClientError } from './gateway-error.ts';

interface Told {
  readonly code: number;
  readonly message: string;
  readonly details?: readonly string[];
}

function gatewayError({ code, message, details = [] }: Told): GatewayError {
  return new GatewayError({
    code,
    message,
    details: details.map((text) => ({ address: 'peer.example:7051', mspId: 'MyOrg1MSP', message: text })),
    cause: Object.assign(new Error(message), { code, details: message, metadata: new Metadata() }),
  });
}

const ENDORSE = 'failed to endorse transaction, see attached details for more info';
const COLLECT = '10 ABORTED: failed to collect enough transaction endorsements, see attached details for more info';
const EVALUATE = '10 ABORTED: failed to evaluate transaction, see attached details for more info';
const ORDER = '14 UNAVAILABLE: no orderers could successfully process transaction';
const DIALING = 'rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial tcp 10.1.2.3:7050: connect: connection refused"';

type Meaning = readonly [kind: string, code: number, text: RegExp];

/** As Fabric 2.5.16 says it, with what it means. */
const failures: readonly (readonly [what: string, told: Told, ...meaning: Meaning])[] = [
  ['a refusal, read', { code: 2, message: '2 UNKNOWN: evaluate call to endorser returned error: chaincode response 500, OE0002: no such', details: ['chaincode response 500, OE0002: no such'] }, 'refused', status.NOT_FOUND, /^OE0002: no such$/],
  ['a refusal, written', { code: 10, message: ENDORSE, details: ['chaincode response 500, OE0006: there\nalready'] }, 'refused', status.ALREADY_EXISTS, /^OE0006: there\nalready$/],
  ['a refusal of another peer alone', { code: 10, message: COLLECT, details: ['chaincode response 500, OE0002: no such'] }, 'conflict', status.UNAVAILABLE, /do not agree/],
  ['a refusal that looks like a failure', { code: 10, message: ENDORSE, details: ['chaincode response 500, OE0003: ProposalResponsePayloads do not match'] }, 'refused', status.FAILED_PRECONDITION, /^OE0003/],
  ['an event that is too large', { code: 10, message: ENDORSE, details: ['chaincode response 500, event message larger than max (9 vs. 8)'] }, 'refused', status.RESOURCE_EXHAUSTED, /^event message larger than max \(9 vs\. 8\)$/],
  ['a broken chaincode', { code: 10, message: ENDORSE, details: ['chaincode response 500, TypeError: secret'] }, 'refused', status.INTERNAL, /^OE0007: internal error, request r1$/],
  ['different outcomes', { code: 10, message: COLLECT, details: ['ProposalResponsePayloads do not match'] }, 'conflict', status.UNAVAILABLE, /do not agree/],
  ['too many requests', { code: 2, message: '2 UNKNOWN: too many requests for /gateway.Gateway, exceeding concurrency limit (500)' }, 'outage', status.UNAVAILABLE, /too many requests/],
  ['an unknown chaincode, read', { code: 9, message: '9 FAILED_PRECONDITION: no peers available to evaluate chaincode nosuch in channel mychannel' }, 'absent', status.FAILED_PRECONDITION, /^OE0003: no peer of the organization has this chaincode/],
  ['an unknown chaincode, written', { code: 9, message: '9 FAILED_PRECONDITION: no combination of peers can be derived which satisfy the endorsement policy: No metadata was found for chaincode nosuch in channel mychannel' }, 'absent', status.FAILED_PRECONDITION, /^OE0003/],
  ['an unknown channel, read', { code: 14, message: '14 UNAVAILABLE: failed to get config for channel [nosuch]: could not get last config for channel nosuch' }, 'absent', status.FAILED_PRECONDITION, /^OE0003: .*not joined/],
  ['too few peers', { code: 9, message: '9 FAILED_PRECONDITION: no combination of peers can be derived which satisfy the endorsement policy: required chaincodes are not installed on sufficient peers' }, 'outage', status.UNAVAILABLE, /too few organizations/],
  ['an identity of nobody', { code: 10, message: ENDORSE, details: ['error validating proposal: access denied: channel [mychannel] creator org unknown, creator is malformed'] }, 'refused', status.PERMISSION_DENIED, /^OE0102/],
  ['an identity of another organization, read', { code: 9, message: 'evaluate call to endorser returned error: error validating proposal: access denied: channel [mychannel] creator org [MyOrg1MSP]', details: ['error validating proposal: access denied: channel [mychannel] creator org [MyOrg1MSP]'] }, 'refused', status.PERMISSION_DENIED, /^OE0102/],
  ['an identity without rights', { code: 10, message: ENDORSE, details: ["Failed evaluating policy on signed data during check policy on channel [mychannel] with policy [/Channel/Application/Writers]: [implicit policy evaluation failed]"] }, 'refused', status.PERMISSION_DENIED, /^OE0102/],
  ['an expired identity, at a peer', { code: 10, message: COLLECT, details: ['rpc error: code = Unknown desc = proposal client identity expired'] }, 'refused', status.PERMISSION_DENIED, /expired/],
  ['an expired identity, at the orderer', { code: 10, message: '10 ABORTED: received unsuccessful response from orderer: status=BAD_REQUEST, info=broadcast client identity expired' }, 'refused', status.PERMISSION_DENIED, /expired/],
  ['a chaincode that is down', { code: 10, message: ENDORSE, details: ['error in simulation: failed to execute transaction 0a: could not launch chaincode mycc_1:0a: connection to mycc_1:0a failed'] }, 'outage', status.UNAVAILABLE, /chaincode cannot be reached/],
  ['a chaincode that died', { code: 10, message: EVALUATE, details: ['error in simulation: failed to execute transaction 0a: error sending: chaincode stream terminated'] }, 'outage', status.UNAVAILABLE, /chaincode cannot be reached/],
  ['a chaincode that is slow', { code: 10, message: ENDORSE, details: ['error in simulation: failed to execute transaction 0a: error sending: timeout expired while executing transaction'] }, 'outage', status.UNAVAILABLE, /chaincode/],
  ['a chaincode without its init', { code: 10, message: ENDORSE, details: ["error in simulation: failed to execute transaction 0a: invalid invocation: chaincode 'initcc' has not been initialized for this version, must call as init first"] }, 'refused', status.FAILED_PRECONDITION, /initialized/],
  ['another peer that is down', { code: 10, message: COLLECT, details: [DIALING] }, 'outage', status.UNAVAILABLE, /too few organizations/],
  ['an id that was used', { code: 10, message: ENDORSE, details: ['duplicate transaction found [0a]. Creator [0b]'] }, 'conflict', status.UNAVAILABLE, /./],
  ['a request above the limit', { code: 8, message: '8 RESOURCE_EXHAUSTED: grpc: received message larger than max (104857700 vs. 104857600)' }, 'refused', status.RESOURCE_EXHAUSTED, /message larger than max \(104857700 vs\. 104857600\)/],
  ['a transaction above the limit', { code: 10, message: '10 ABORTED: received unsuccessful response from orderer: status=BAD_REQUEST, info=message payload is 900 bytes and exceeds maximum allowed 800 bytes' }, 'refused', status.RESOURCE_EXHAUSTED, /transaction message larger than max \(900 vs\. 800\)/],
  ['a transaction that is refused', { code: 10, message: '10 ABORTED: received unsuccessful response from orderer: status=BAD_REQUEST, info=any other' }, 'refused', status.FAILED_PRECONDITION, /^OE0003/],
  ['orderers that are down', { code: 14, message: ORDER, details: [DIALING] }, 'outage', status.UNAVAILABLE, /ordering service/],
  ['orderers without a leader', { code: 14, message: ORDER }, 'outage', status.UNAVAILABLE, /ordering service/],
  ['a peer that is down', { code: 14, message: '14 UNAVAILABLE: No connection established. Last error: Error: connect ECONNREFUSED 10.1.2.3:7051. Resolution note: ' }, 'outage', status.UNAVAILABLE, /peer cannot be reached/],
  ['a connection that broke', { code: 14, message: '14 UNAVAILABLE: Connection dropped' }, 'outage', status.UNAVAILABLE, /peer cannot be reached/],
  ['a deadline', { code: 4, message: '4 DEADLINE_EXCEEDED: context deadline exceeded' }, 'outage', status.UNAVAILABLE, /did not answer in time/],
];

describe('a failure of the gateway', () => {
  test.each(failures)('%s', (_what, told, ...[kind, code, text]) => {
    const error = gatewayError(told);
    expect(classify(error)?.kind).toBe(kind);
    const shown = toCallStatus(toClientError(error), 'r1');
    expect(shown).toMatchObject({ code, message: expect.stringMatching(text) });
    expect(shown.message).not.toMatch(/\d+\.\d+\.\d+\.\d+|:\d{4}|rpc error|secret/);
  });

  test.each([
    [{ code: 14, message: ORDER, details: [DIALING] }, false],
    [{ code: 14, message: ORDER }, true],
    [{ code: 14, message: '14 UNAVAILABLE: no orderer nodes available' }, false],
    [{ code: 14, message: ORDER, details: [DIALING, DIALING] }, false],
    [{ code: 14, message: ORDER, details: [DIALING, 'EOF'] }, true],
    [{ code: 14, message: ORDER, details: ['rpc error: code = Unavailable desc = transport is closing'] }, true],
    [{ code: 14, message: '14 UNAVAILABLE: Connection dropped' }, true],
    [{ code: 14, message: '14 UNAVAILABLE: No connection established. Last error: x' }, false],
    [{ code: 4, message: '4 DEADLINE_EXCEEDED: Deadline exceeded after 1s' }, true],
    [{ code: 2, message: '2 UNKNOWN: too many requests for /gateway.Gateway, exceeding concurrency limit (500)' }, false],
  ])('of %j something may have arrived: %s', (told, sent) => {
    expect(classify(gatewayError(told))).toMatchObject({ kind: 'outage', sent });
  });

  test('that nobody knows is masked, and never UNKNOWN', () => {
    const error = gatewayError({ code: 2, message: '2 UNKNOWN: something new' });
    expect(classify(error)).toBeUndefined();
    expect(toCallStatus(toClientError(error), 'r1').code).toBe(status.INTERNAL);
  });
});

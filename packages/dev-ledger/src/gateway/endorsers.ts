import { status } from '@grpc/grpc-js';
import type { peer } from '@hyperledger/fabric-protos';
import { SYSTEM_CHAINCODES } from '../chaincode/definitions.ts';
import type { Faults } from '../faults.ts';
import { ProposalRefused } from '../peer/endorser.ts';
import type { Peer } from '../peer/peer.ts';
import type { Interest } from '../state/simulator.ts';
import type { Detail } from './status-error.ts';

/** The network as one peer's gateway sees it. */
export interface GatewayContext {
  readonly local: Peer;
  /** All peers, in the order of the organizations. */
  readonly peers: readonly Peer[];
  readonly faults: Faults;
}

/** What came of asking an endorser. */
export type EndorserAnswer =
  | { readonly ok: true; readonly response: peer.ProposalResponse; readonly interests: readonly Interest[] | undefined }
  | { readonly ok: false; readonly code: status; readonly detail: Detail; /** Another peer may do better. */ readonly retry: boolean };

/** Asks a peer for an endorsement: the gateway's own directly, another organization's as if over the network. */
export async function ask({ local, faults }: GatewayContext, endorser: Peer, signed: peer.SignedProposal): Promise<EndorserAnswer> {
  const fail = (code: status, message: string, retry: boolean): EndorserAnswer => ({
    ok: false,
    code,
    retry,
    detail: detailOf(endorser, message),
  });
  if (endorser !== local) {
    if (!endorser.running || faults.happens('endorser-down', endorser.mspid))
      return fail(status.UNAVAILABLE, refusedConnection(endorser.address), true);
    if (endorser.isExpired(signed))
      return fail(status.UNAVAILABLE, 'rpc error: code = Unknown desc = proposal client identity expired', true);
  }
  try {
    const { response, interests } = await endorser.endorse(signed);
    const why = failureOf(response);
    return why === undefined ? { ok: true, response, interests } : fail(why.code, why.message, why.retry);
  } catch (error) {
    if (!(error instanceof ProposalRefused)) throw error;
    return fail(status.FAILED_PRECONDITION, error.message, false);
  }
}

function failureOf(
  response: peer.ProposalResponse,
): { readonly code: status; readonly message: string; readonly retry: boolean } | undefined {
  const answer = response.getResponse();
  const [code, message] = [answer?.getStatus() ?? 0, answer?.getMessage() ?? ''];
  if (code >= 200 && code < 400) return undefined;
  // Without a payload a 500 comes from the peer, not from the chaincode.
  if (code === 500 && response.getPayload_asU8().length === 0) return { code: status.ABORTED, message, retry: true };
  return { code: status.UNKNOWN, message: `chaincode response ${code}, ${message}`, retry: false };
}

/** What a peer said, as a detail of an error. */
export function detailOf({ address, mspid }: Peer, message: string): Detail {
  return { address, mspid, message };
}

/** How Go's gRPC says that nobody listens at an address. */
export function refusedConnection(address: string): string {
  return `rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial tcp ${address}: connect: connection refused"`;
}

/** The peers that have the chaincode, by MSP id: all of them have the system chaincodes. */
export function endorsersOf({ local, peers }: GatewayContext, channelId: string, chaincode: string): ReadonlyMap<string, Peer> {
  const channel = local.channel(channelId);
  if (channel === undefined) return new Map();
  const definition = channel.definition(chaincode);
  const has = ({ mspid }: Peer): boolean => SYSTEM_CHAINCODES.has(chaincode) || definition?.installedAt.has(mspid) === true;
  return new Map(peers.filter((one) => one.channel(channelId) !== undefined && has(one)).map((one) => [one.mspid, one]));
}

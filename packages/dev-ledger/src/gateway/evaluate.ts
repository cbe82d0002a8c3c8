import { status } from '@grpc/grpc-js';
import { gateway, peer } from '@hyperledger/fabric-protos';
import type { Peer } from '../peer/peer.ts';
import { type ProposalSummary, summarize } from '../peer/proposal.ts';
import { ask, endorsersOf, type GatewayContext } from './endorsers.ts';
import { type Detail, StatusError } from './status-error.ts';

/** Evaluate: one peer runs the proposal, the gateway's own if it can, and when it fails (not its chaincode) the others. */
export async function evaluate(context: GatewayContext, request: gateway.EvaluateRequest): Promise<gateway.EvaluateResponse> {
  const signed = request.getProposedTransaction();
  const { channel, chaincode, hasTransientData } = unpack(signed);
  if (context.local.channel(channel) === undefined) {
    throw new StatusError(
      status.UNAVAILABLE,
      `failed to get config for channel [${channel}]: could not get last config for channel ${channel}`,
    );
  }
  const asked = request.getTargetOrganizationsList();
  const targets = asked.length === 0 && hasTransientData ? [context.local.mspid] : asked;
  const candidates = candidatesOf(context, { channel, chaincode, targets });
  const details: Detail[] = [];
  let code = status.FAILED_PRECONDITION;
  for (const candidate of candidates) {
    const answer = await ask(context, candidate, signed ?? new peer.SignedProposal());
    if (answer.ok) return responseOf(answer.response);
    details.push(answer.detail);
    ({ code } = answer);
    if (!answer.retry) throw new StatusError(code, `evaluate call to endorser returned error: ${answer.detail.message}`, details);
  }
  if (details.length > 0) throw new StatusError(code, 'failed to evaluate transaction, see attached details for more info', details);
  throw new StatusError(code, `no peers available to evaluate chaincode ${chaincode} in channel ${channel}`);
}

function unpack(signed: peer.SignedProposal | undefined): ProposalSummary {
  const refuse = (why: string): never => {
    throw new StatusError(status.INVALID_ARGUMENT, `failed to unpack transaction proposal: ${why}`);
  };
  if (signed === undefined || signed.getProposalBytes_asU8().length === 0) return refuse('a signed proposal is required');
  let summary: ProposalSummary;
  try {
    summary = summarize(signed);
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
  const { channel, spec, chaincode } = summary;
  if (channel === '') return refuse('no channel id provided');
  if (spec === undefined) return refuse(`no chaincode spec is provided, channel id [${channel}]`);
  if (spec.getChaincodeId() === undefined) return refuse(`no chaincode id is provided, channel id [${channel}]`);
  if (chaincode === '') return refuse(`no chaincode name is provided, channel id [${channel}]`);
  return summary;
}

interface Wanted {
  readonly channel: string;
  readonly chaincode: string;
  readonly targets: readonly string[];
}

/** The gateway's own peer first, then the others, those that have committed more before. */
function candidatesOf(context: GatewayContext, { channel, chaincode, targets }: Wanted): Peer[] {
  const endorsers = endorsersOf(context, channel, chaincode);
  const chosen =
    targets.length === 0 ? [...endorsers.values()] : targets.map((mspid) => endorsers.get(mspid)).filter((one) => one !== undefined);
  const rank = (one: Peer): number => (one === context.local ? Number.MAX_SAFE_INTEGER : (one.channel(channel)?.height ?? 0));
  return [...new Set(chosen)].toSorted((a, b) => rank(b) - rank(a));
}

function responseOf(answer: peer.ProposalResponse): gateway.EvaluateResponse {
  const response = new gateway.EvaluateResponse();
  response.setResult(answer.getResponse());
  return response;
}

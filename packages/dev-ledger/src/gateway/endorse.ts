import { status } from '@grpc/grpc-js';
import { common, gateway, type peer } from '@hyperledger/fabric-protos';
import { transactionPayload } from '../chain/envelope.ts';
import { layouts, type SignaturePolicy, union } from '../msp/signature-policy.ts';
import type { Peer } from '../peer/peer.ts';
import { type ProposalSummary, summarize } from '../peer/proposal.ts';
import type { Interest } from '../state/simulator.ts';
import { ask, detailOf, endorsersOf, type GatewayContext } from './endorsers.ts';
import { type Detail, StatusError } from './status-error.ts';

/** Whom to ask: sets of organizations of which one has to endorse completely, and what was collected so far. */
interface Plan {
  readonly layouts: readonly (readonly string[])[];
  readonly endorsers: ReadonlyMap<string, Peer>;
  readonly collected: Map<string, peer.Endorsement>;
  readonly failed: Set<string>;
  readonly details: Detail[];
  payload: Uint8Array | undefined;
}

const NO_COMBINATION = 'no combination of peers can be derived which satisfy the endorsement policy: ';

/** Endorse: the gateway's own organization first, then those that the policies ask for; or those that the client names. */
export async function endorse(context: GatewayContext, request: gateway.EndorseRequest): Promise<gateway.EndorseResponse> {
  const signed = request.getProposedTransaction();
  if (signed === undefined) throw new StatusError(status.INVALID_ARGUMENT, 'the proposed transaction must contain a signed proposal');
  const summary = unpack(signed);
  const named = request.getEndorsingOrganizationsList();
  const plan = named.length > 0 ? planForOrganizations(context, summary, named) : await planFromFirstEndorser(context, summary, signed);
  const complete = await collect(context, plan, signed);
  const { header, publicPayload } = summary;
  const envelope = new common.Envelope();
  envelope.setPayload(
    transactionPayload({ header, publicPayload, responsePayload: plan.payload ?? new Uint8Array(), endorsements: complete }),
  );
  const response = new gateway.EndorseResponse();
  response.setPreparedTransaction(envelope);
  return response;
}

function unpack(signed: peer.SignedProposal): ProposalSummary {
  try {
    return summarize(signed);
  } catch (error) {
    throw new StatusError(status.INVALID_ARGUMENT, error instanceof Error ? error.message : String(error));
  }
}

function newPlan(sets: readonly (readonly string[])[], endorsers: ReadonlyMap<string, Peer>): Plan {
  return { layouts: sets, endorsers, collected: new Map(), failed: new Set(), details: [], payload: undefined };
}

function planForOrganizations(context: GatewayContext, { channel, chaincode }: ProposalSummary, mspids: readonly string[]): Plan {
  const endorsers = endorsersOf(context, channel, chaincode);
  const missing = mspids.filter((mspid) => !endorsers.has(mspid));
  if (missing.length > 0) throw new StatusError(status.UNAVAILABLE, `failed to find any endorsing peers for org(s): ${missing.join(', ')}`);
  return newPlan([[...new Set(mspids)]], endorsers);
}

async function planFromFirstEndorser(context: GatewayContext, summary: ProposalSummary, signed: peer.SignedProposal): Promise<Plan> {
  const { channel, chaincode, hasTransientData } = summary;
  const own = endorsersOf(context, channel, chaincode).get(context.local.mspid);
  if (own === undefined && hasTransientData) {
    throw new StatusError(
      status.FAILED_PRECONDITION,
      "no endorsers found in the gateway's organization; retry specifying endorsing organization(s) to protect transient data",
    );
  }
  const first = own ?? planForInterests(context, summary, []).endorsers.values().next().value ?? context.local;
  const answer = await ask(context, first, signed);
  if (!answer.ok)
    throw new StatusError(status.ABORTED, 'failed to endorse transaction, see attached details for more info', [answer.detail]);
  const plan = planForInterests(context, summary, answer.interests ?? []);
  const preferred = plan.layouts.toSorted((a, b) => Number(b.includes(first.mspid)) - Number(a.includes(first.mspid)));
  const ordered = { ...plan, layouts: preferred };
  add(ordered, first, answer.response);
  return ordered;
}

/** What discovery would find: the sets of organizations that satisfy the policies of everything that is touched. */
function planForInterests(context: GatewayContext, { channel, chaincode }: ProposalSummary, interests: readonly Interest[]): Plan {
  const refuse = (why: string): never => {
    throw new StatusError(status.FAILED_PRECONDITION, why);
  };
  if (channel === '') return refuse('');
  const needed = interests.length === 0 ? [{ namespace: chaincode, keyPolicies: [], onlyKeyPolicies: false }] : interests;
  const policies: SignaturePolicy[] = [];
  for (const { namespace, keyPolicies, onlyKeyPolicies } of needed) {
    const definition = context.local.channel(channel)?.definition(namespace);
    if (definition === undefined) return refuse(`${NO_COMBINATION}No metadata was found for chaincode ${namespace} in channel ${channel}`);
    policies.push(...keyPolicies, ...(onlyKeyPolicies ? [] : [definition.policy]));
  }
  const sets = policies.map(layouts).reduce((all, next) => all.flatMap((a) => next.map((b) => union(a, b))));
  const endorsers = endorsersOf(context, channel, chaincode);
  const possible = sets.filter((set) => set.every((mspid) => endorsers.has(mspid)));
  if (possible.length === 0 || context.faults.happens('no-endorsers', context.local.mspid)) {
    return refuse(`${NO_COMBINATION}required chaincodes are not installed on sufficient peers`);
  }
  return newPlan(possible, endorsers);
}

/** Asks until one layout is complete, and gives its endorsements. */
async function collect(context: GatewayContext, plan: Plan, signed: peer.SignedProposal): Promise<peer.Endorsement[]> {
  for (;;) {
    const layout = plan.layouts.find((set) => !set.some((mspid) => plan.failed.has(mspid)));
    if (layout === undefined) {
      throw new StatusError(
        status.ABORTED,
        'failed to collect enough transaction endorsements, see attached details for more info',
        plan.details,
      );
    }
    const missing = layout.filter((mspid) => !plan.collected.has(mspid));
    if (missing.length === 0) return layout.map((mspid) => plan.collected.get(mspid)).filter((one) => one !== undefined);
    await Promise.all(missing.map((mspid) => askFor(context, { plan, mspid, signed })));
  }
}

async function askFor(
  context: GatewayContext,
  { plan, mspid, signed }: { readonly plan: Plan; readonly mspid: string; readonly signed: peer.SignedProposal },
): Promise<void> {
  const endorser = plan.endorsers.get(mspid);
  if (endorser === undefined) {
    plan.failed.add(mspid);
    return;
  }
  const answer = await ask(context, endorser, signed);
  if (!answer.ok) {
    plan.failed.add(mspid);
    plan.details.push(answer.detail);
    return;
  }
  const differs = plan.payload !== undefined && context.faults.happens('endorser-differs', mspid);
  if (differs || !add(plan, endorser, answer.response)) {
    plan.failed.add(mspid);
    plan.details.push(detailOf(endorser, 'ProposalResponsePayloads do not match'));
  }
}

/** Keeps an endorsement, if it is of the same payload as those before it. */
function add(plan: Plan, endorser: Peer, response: peer.ProposalResponse): boolean {
  const payload = response.getPayload_asU8();
  plan.payload ??= payload;
  const endorsement = response.getEndorsement();
  if (endorsement === undefined || Buffer.compare(plan.payload, payload) !== 0) return false;
  plan.collected.set(endorser.mspid, endorsement);
  return true;
}

import { createPrivateKey, type KeyObject } from 'node:crypto';
import { common, peer } from '@hyperledger/fabric-protos';
import { SYSTEM_CHAINCODES, VERSION } from '../chaincode/definitions.ts';
import type { Invocation } from '../chaincode/invocation.ts';
import type { ChaincodeRuntime, ExecutionResult } from '../chaincode/runtime.ts';
import { proposalHash, transactionIdOf } from '../chain/transaction.ts';
import type { KeyPair } from '../crypto/authority.ts';
import { signLowS } from '../crypto/ecdsa.ts';
import { type Identities, type Member, serializeIdentity } from '../msp/identities.ts';
import type { Interest, SimulationResults } from '../state/simulator.ts';
import type { PeerChannel } from './peer-channel.ts';
import { type Proposal, unpackProposal } from './proposal.ts';

/** The system chaincodes that read no state, and so take no lock. */
const WITHOUT_SIMULATOR: ReadonlySet<string> = new Set(['qscc', 'cscc']);
const ERROR_STATUS = 500;
const FIRST_BAD_STATUS = 400;

/** A proposal that is refused before it is run: the client is at fault. */
export class ProposalRefused extends Error {}

export interface EndorserOptions {
  readonly mspid: string;
  readonly identities: Identities;
  readonly channels: ReadonlyMap<string, PeerChannel>;
  readonly runtime: ChaincodeRuntime;
  readonly identity: KeyPair;
}

/** What an endorser answers, and what endorsing the results takes: undefined when nothing was simulated. */
export interface Endorsed {
  readonly response: peer.ProposalResponse;
  readonly interests: readonly Interest[] | undefined;
}

/** Runs proposals and signs what came of them. */
export class Endorser {
  readonly #options: EndorserOptions;
  readonly #key: KeyObject;
  readonly #identity: Uint8Array;

  constructor(options: EndorserOptions) {
    this.#options = options;
    this.#key = createPrivateKey(options.identity.key);
    this.#identity = serializeIdentity(options.mspid, options.identity.cert);
  }

  /**
   * Answers a proposal: with an endorsement, with the chaincode's error, or with status 500 when the peer failed.
   * @throws ProposalRefused in Fabric's words.
   */
  async process(signed: peer.SignedProposal): Promise<Endorsed> {
    const proposal = refused(() => unpackProposal(signed));
    const channelId = proposal.channelHeader.getChannelId();
    const channel = this.#options.channels.get(channelId);
    if (channel === undefined && channelId !== '') return failed(`channel '${channelId}' not found`);
    this.#check(proposal, channel);
    try {
      return await this.#run(proposal, channel);
    } catch (error) {
      return failed(error instanceof Error ? error.message : String(error));
    }
  }

  #check(proposal: Proposal, channel: PeerChannel | undefined): void {
    const { channelHeader, signatureHeader, chaincode } = proposal;
    const member = refused(() => this.#validate(proposal), 'error validating proposal: ');
    if (channel === undefined) return;
    const id = channelHeader.getTxId();
    const creator = signatureHeader.getCreator_asU8();
    if (channel.place(id) !== undefined) {
      throw new ProposalRefused(`duplicate transaction found [${id}]. Creator [${Buffer.from(creator).toString('hex')}]`);
    }
    if (SYSTEM_CHAINCODES.has(chaincode) || mayWrite(member, channel)) return;
    throw new ProposalRefused(aclFailure(channelHeader.getChannelId(), 'Writers'));
  }

  #validate({ signed, channelHeader, signatureHeader }: Proposal): Member {
    const type: number = channelHeader.getType();
    if (type !== common.HeaderType.ENDORSER_TRANSACTION && type !== common.HeaderType.CONFIG)
      throw new Error(`invalid header type ${headerTypeName(type)}`);
    if (channelHeader.getEpoch() !== 0) throw new Error('epoch is non-zero');
    if (signatureHeader.getNonce_asU8().length === 0) throw new Error('nonce is empty');
    const identity = signatureHeader.getCreator_asU8();
    if (identity.length === 0) throw new Error('creator is empty');
    const expected = transactionIdOf(signatureHeader);
    if (channelHeader.getTxId() !== expected)
      throw new Error(`incorrectly computed txid '${channelHeader.getTxId()}' -- expected '${expected}'`);
    const signature = signed.getSignature_asU8();
    if (signature.length === 0) throw new Error('empty signature bytes');
    const found = this.#options.identities.identify(identity);
    const denied = `access denied: channel [${channelHeader.getChannelId()}] creator org`;
    if (found.kind === 'unknown') throw new Error(`${denied} unknown, creator is malformed`);
    const member = this.#options.identities.signer({ identity, data: signed.getProposalBytes_asU8(), signature });
    if (member === undefined) throw new Error(`${denied} [${found.mspid}]`);
    return member;
  }

  async #run(proposal: Proposal, channel: PeerChannel | undefined): Promise<Endorsed> {
    const { channelHeader, signatureHeader, signed, chaincode, input } = proposal;
    const transactionId = channelHeader.getTxId();
    const simulator = WITHOUT_SIMULATOR.has(chaincode) ? undefined : await channel?.simulate(transactionId);
    try {
      const channelId = channelHeader.getChannelId();
      const invocation: Invocation = {
        channel: channelId,
        transactionId,
        signedProposal: signed,
        creator: signatureHeader.getCreator_asU8(),
        simulator,
      };
      const isSystem = SYSTEM_CHAINCODES.has(chaincode);
      if (!isSystem && (channel === undefined || this.#options.runtime.definition(channel, chaincode, invocation) === undefined)) {
        throw new Error(
          `make sure the chaincode ${chaincode} has been successfully defined on channel ${channelId} and try again: chaincode ${chaincode} not found`,
        );
      }
      const result = await this.#options.runtime.execute({ invocation, name: chaincode, input }).catch((error: unknown) => {
        throw new Error(`error in simulation: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
      });
      const results = simulator?.results();
      simulator?.done();
      return this.#answer(proposal, result, results);
    } finally {
      simulator?.done();
    }
  }

  #answer(proposal: Proposal, result: ExecutionResult, results: SimulationResults | undefined): Endorsed {
    const answer = new peer.ProposalResponse();
    answer.setResponse(result.response);
    const status = result.response.getStatus();
    const channelless = proposal.channelHeader.getChannelId() === '';
    if (status < ERROR_STATUS && (channelless || status >= FIRST_BAD_STATUS)) return { response: answer, interests: undefined };
    const event = status >= FIRST_BAD_STATUS ? undefined : result.event;
    const payload = responsePayload({ proposal, response: result.response, results, event });
    answer.setPayload(payload);
    if (results !== undefined) answer.setInterest(interestMessage(results.interests));
    if (status < ERROR_STATUS) {
      const endorsement = new peer.Endorsement();
      endorsement.setEndorser(this.#identity);
      endorsement.setSignature(signLowS(this.#key, Buffer.concat([payload, this.#identity])));
      answer.setEndorsement(endorsement);
      answer.setVersion(1);
    }
    return { response: answer, interests: results?.interests };
  }
}

/** The words in which a policy of a channel is not satisfied. */
export function aclFailure(channel: string, policy: 'Readers' | 'Writers'): string {
  return `Failed evaluating policy on signed data during check policy on channel [${channel}] with policy [/Channel/Application/${policy}]: [implicit policy evaluation failed - 0 sub-policies were satisfied, but this policy requires 1 of the '${policy}' sub-policies to be satisfied]`;
}

/** Peers read a channel but do not write to it. */
export function mayWrite({ mspid, role }: Member, channel: PeerChannel): boolean {
  return channel.mspids.includes(mspid) && (role === 'client' || role === 'admin');
}

interface PayloadParts {
  readonly proposal: Proposal;
  readonly response: peer.Response;
  readonly results: SimulationResults | undefined;
  readonly event: peer.ChaincodeEvent | undefined;
}

/** What is signed, and what has to be the same at every endorser. */
function responsePayload({ proposal, response, results, event }: PayloadParts): Uint8Array {
  const id = new peer.ChaincodeID();
  id.setName(proposal.chaincode);
  id.setVersion(SYSTEM_CHAINCODES.has(proposal.chaincode) ? 'syscc' : VERSION);
  const action = new peer.ChaincodeAction();
  action.setResults(results?.bytes ?? new Uint8Array());
  action.setEvents(event?.serializeBinary() ?? new Uint8Array());
  action.setResponse(response);
  action.setChaincodeId(id);
  const payload = new peer.ProposalResponsePayload();
  payload.setProposalHash(proposalHash(proposal.header, proposal.publicPayload));
  payload.setExtension$(action.serializeBinary());
  return payload.serializeBinary();
}

function interestMessage(interests: readonly Interest[]): peer.ChaincodeInterest {
  const message = new peer.ChaincodeInterest();
  for (const { namespace } of interests) {
    const call = new peer.ChaincodeCall();
    call.setName(namespace);
    message.addChaincodes(call);
  }
  return message;
}

function failed(text: string): Endorsed {
  const response = new peer.Response();
  response.setStatus(ERROR_STATUS);
  response.setMessage(text);
  const answer = new peer.ProposalResponse();
  answer.setResponse(response);
  return { response: answer, interests: undefined };
}

function refused<T>(check: () => T, prefix = ''): T {
  try {
    return check();
  } catch (error) {
    throw new ProposalRefused(prefix + (error instanceof Error ? error.message : String(error)), { cause: error });
  }
}

function headerTypeName(type: number): string {
  return Object.entries(common.HeaderType).find(([, value]) => value === type)?.[0] ?? String(type);
}

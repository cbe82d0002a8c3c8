import { gateway } from '@hyperledger/fabric-protos';
import { type Connections, mainChannel, type OrganizationNumber } from './connections.ts';
import { type Caller, serialized } from './identities.ts';
import { type Outcome, type Outcomes, type ShownBytes, statusName } from './outcomes.ts';
import {
  endorseRequest,
  evaluateRequest,
  type HandMadeProposal,
  makeProposal,
  type ProposalOptions,
  sha256,
  submitRequest,
} from './proposals.ts';

const STATUS_TIMEOUT_MS = 1_500;

interface StatusOptions {
  readonly channel?: string;
  readonly hasBadSignature?: boolean;
  readonly timeoutMs?: number;
}

/** What an evaluation gives below the client library. */
interface Evaluated {
  readonly status: number | undefined;
  readonly message: string;
  readonly payload: ShownBytes;
}

/** A validation code and whether its block is known. */
export interface CommitOutcome {
  readonly result: number;
  readonly hasBlock: boolean;
}

/** Calls of the Gateway service by requests made by hand. */
export class HandMadeCalls {
  readonly #connections: Connections;
  readonly #outcomes: Outcomes;

  constructor(connections: Connections, outcomes: Outcomes) {
    this.#connections = connections;
    this.#outcomes = outcomes;
  }

  /** Calls a method of the Gateway service. */
  call(number: OrganizationNumber, method: string, request: Uint8Array, timeoutMs?: number): Promise<Buffer> {
    const options = timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs };
    return this.#connections.unary(number, `/gateway.Gateway/${method}`, request, options);
  }

  evaluate(number: OrganizationNumber, proposal: HandMadeProposal): Promise<Outcome<Evaluated>> {
    const { normalise, asText } = this.#outcomes;
    return this.#outcomes.rawOut(this.call(number, 'Evaluate', evaluateRequest(proposal)), (bytes) => {
      const result = gateway.EvaluateResponse.deserializeBinary(bytes).getResult();
      return {
        status: result?.getStatus(),
        message: normalise(result?.getMessage() ?? ''),
        payload: asText(result?.getPayload_asU8() ?? new Uint8Array()),
      };
    });
  }

  endorse(number: OrganizationNumber, proposal: HandMadeProposal, organizations?: readonly string[]): Promise<Outcome<string>> {
    return this.#outcomes.rawOut(this.call(number, 'Endorse', endorseRequest(proposal, organizations)), () => 'endorsed');
  }

  /** Evaluates and endorses three fresh proposals that are spoiled in the same way, the last for one organization. */
  async everyWay(caller: Caller, options: ProposalOptions = {}, number: OrganizationNumber = 1) {
    return {
      evaluate: await this.evaluate(number, await makeProposal(caller, options)),
      endorse: await this.endorse(number, await makeProposal(caller, options)),
      endorseOneOrg: await this.endorse(number, await makeProposal(caller, options), ['MyOrg1MSP']),
    };
  }

  /** The bytes of a signed request for a transaction's status. */
  async statusRequest(caller: Caller, transactionId: string, options: StatusOptions = {}): Promise<Uint8Array> {
    const request = new gateway.CommitStatusRequest();
    request.setTransactionId(transactionId);
    request.setChannelId(options.channel ?? mainChannel);
    request.setIdentity(serialized(caller.identity));
    const signed = new gateway.SignedCommitStatusRequest();
    signed.setRequest(request.serializeBinary());
    const signedBytes = options.hasBadSignature === true ? Buffer.from('x') : signed.getRequest_asU8();
    signed.setSignature(await caller.signer(sha256(signedBytes)));
    return signed.serializeBinary();
  }

  async status(
    number: OrganizationNumber,
    caller: Caller,
    transactionId: string,
    options: StatusOptions = {},
  ): Promise<Outcome<CommitOutcome>> {
    const request = await this.statusRequest(caller, transactionId, options);
    return this.#outcomes.rawOut(this.call(number, 'CommitStatus', request, options.timeoutMs ?? STATUS_TIMEOUT_MS), (bytes) => {
      const response = gateway.CommitStatusResponse.deserializeBinary(bytes);
      return { result: response.getResult(), hasBlock: response.getBlockNumber() > 0 };
    });
  }

  /** Takes a proposal all the way: endorsement, ordering, status. */
  async submitProposal(caller: Caller, proposal: HandMadeProposal, timeoutMs: number) {
    let endorsed: Buffer;
    try {
      endorsed = await this.call(1, 'Endorse', endorseRequest(proposal));
    } catch (error) {
      return { endorse: await this.#outcomes.rawOut(Promise.reject(error), () => undefined) };
    }
    const envelope = gateway.EndorseResponse.deserializeBinary(endorsed).getPreparedTransaction();
    if (envelope === undefined) throw new Error('Endorse answered without a transaction');
    envelope.setSignature(await caller.signer(sha256(envelope.getPayload_asU8())));
    const submit = await this.#outcomes.rawOut(this.call(1, 'Submit', submitRequest(proposal.transactionId, envelope)), () => true);
    const isAccepted = submit.ok !== undefined;
    return { submit, status: isAccepted ? await this.status(1, caller, proposal.transactionId, { timeoutMs }) : undefined };
  }
}

/** The same outcome with its code's name. */
export function withName({ ok, ...failure }: Outcome<CommitOutcome>): unknown {
  return ok === undefined ? failure : { ok: { ...ok, name: statusName(ok.result) } };
}

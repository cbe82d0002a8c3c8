import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, credentials } from '@grpc/grpc-js';
import { CommitError, connect, type Contract, EndorseError, type Gateway, GatewayError, hash, signers } from '@hyperledger/fabric-gateway';
import type { LedgerNetwork, LedgerOrganization } from '@orchestrator/dev-ledger';

const MAX_ATTEMPTS = 40;
const CALL_TIMEOUT_MS = 30_000;
const RETRY_DELAY_MS = 15;
/** Of CommitError: MVCC_READ_CONFLICT and PHANTOM_READ_CONFLICT. */
const CONFLICTS: readonly number[] = [11, 12];

/** What a call is made of. */
export interface NetworkCall {
  readonly mspid: string;
  readonly channel: string;
  readonly chaincode: string;
  readonly name: string;
  readonly args: readonly string[];
}

/** All organizations' users at the gateway of the first one, so that each reads what any of them wrote. */
export class NetworkClient implements Disposable {
  readonly #client: Client;
  readonly #gateways: ReadonlyMap<string, Gateway>;
  #lastProposalMs = 0;

  constructor({ organizations }: LedgerNetwork) {
    const [first] = organizations;
    if (first === undefined) throw new Error('the network has no organization');
    this.#client = openClient(first);
    this.#gateways = new Map(organizations.map((organization) => [organization.mspid, openGateway(this.#client, organization)]));
  }

  /** The result of a call that is not ordered. */
  async evaluate(call: NetworkCall): Promise<string> {
    return toText(await this.#contract(call).evaluate(call.name, { arguments: [...call.args] }));
  }

  /** The result of a call that is committed; conflicts and endorsers that were a block apart are tried again. */
  async submit(call: NetworkCall): Promise<string> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#submitOnce(call);
      } catch (error) {
        if (attempt === MAX_ATTEMPTS || !isPassing(error)) throw error;
        await sleep(RETRY_DELAY_MS);
      }
    }
  }

  async #submitOnce(call: NetworkCall): Promise<string> {
    await this.#awaitNextMillisecond();
    const proposal = this.#contract(call).newProposal(call.name, { arguments: [...call.args] });
    const commit = await (await proposal.endorse()).submit();
    const status = await commit.getStatus();
    if (!status.successful) throw new ConflictError(status.code);
    return toText(commit.getResult());
  }

  /** Proposals have milliseconds, and each needs a time of its own. */
  async #awaitNextMillisecond(): Promise<void> {
    while (wallClockMs() <= this.#lastProposalMs) await sleep(1);
    this.#lastProposalMs = wallClockMs();
  }

  #contract({ mspid, channel, chaincode }: NetworkCall): Contract {
    const gateway = this.#gateways.get(mspid);
    if (gateway === undefined) throw new Error(`there is no user of ${mspid}`);
    return gateway.getNetwork(channel).getContract(chaincode);
  }

  [Symbol.dispose](): void {
    for (const gateway of this.#gateways.values()) gateway.close();
    this.#client.close();
  }
}

/** A transaction that was ordered and did not become valid. */
class ConflictError extends Error {
  readonly code: number;

  constructor(code: number) {
    super(`the transaction is not valid: code ${code}`);
    this.code = code;
  }
}

function isPassing(error: unknown): boolean {
  if (error instanceof ConflictError || error instanceof CommitError) return CONFLICTS.includes(error.code);
  return error instanceof EndorseError && error.details.some(({ message }) => message.includes('do not match'));
}

/** What the chaincode answered in its error; undefined for failures of other parts. */
export function chaincodeMessage(error: unknown): string | undefined {
  if (!(error instanceof GatewayError)) return undefined;
  const messages = error.details.map(({ message }) => /chaincode response 500, (.*)$/su.exec(message)?.[1]);
  return messages.find((message) => message !== undefined);
}

function wallClockMs(): number {
  return Math.floor(globalThis.performance.timeOrigin + globalThis.performance.now());
}

function toText(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8');
}

function openClient({ gatewayAddress, sslTargetName, tlsCaCertFile, tlsClient }: LedgerOrganization): Client {
  const tls = credentials.createSsl(readFileSync(tlsCaCertFile), readFileSync(tlsClient.keyFile), readFileSync(tlsClient.certFile));
  return new Client(gatewayAddress, tls, {
    'grpc.ssl_target_name_override': sslTargetName,
    'grpc.default_authority': sslTargetName,
    'grpc.max_receive_message_length': -1,
  });
}

function openGateway(client: Client, { user }: LedgerOrganization): Gateway {
  const deadline = () => ({ deadline: wallClockMs() + CALL_TIMEOUT_MS });
  return connect({
    client,
    identity: { mspId: user.mspid, credentials: readFileSync(user.certFile) },
    signer: signers.newPrivateKeySigner(createPrivateKey(readFileSync(user.keyFile))),
    hash: hash.sha256,
    evaluateOptions: deadline,
    endorseOptions: deadline,
    submitOptions: deadline,
    commitStatusOptions: deadline,
  });
}

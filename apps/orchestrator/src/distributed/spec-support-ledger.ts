import { createPrivateKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Client, credentials } from '@grpc/grpc-js';
import { connect, type Gateway, type Network } from '@hyperledger/fabric-gateway';
import { peer } from '@hyperledger/fabric-protos';
import { type DevLedger, type LedgerNetwork, type LedgerOrganization, startDevLedger } from '@orchestrator/dev-ledger';
import { formatInvocation, functionName, procedures } from '@orchestrator/lib';
import { buildNewComputePlan, buildNewComputeTask, buildNewFunction, createRandom, type Random } from '@orchestrator/testing';
import { deployOrchestrator, type OrchestratorDeployment, ServerProcess, startFabricNetwork } from '@orchestrator/tools';
import type { LedgerConnections } from './events/fabric-event-source.ts';
import { createSigning } from './peers/signing.ts';

export const A = 'MyOrg1MSP';
export const B = 'MyOrg2MSP';

const POLICY = `AND('${A}.peer','${B}.peer')`;
const SUBMIT_TIMEOUT_MS = 30_000;
const STATUS_TIMEOUT_MS = 5000;
const RETRY_DELAY_MS = 100;

/** A channel's chaincode. */
export interface Place {
  readonly channel: 'mychannel' | 'yourchannel';
  readonly chaincode: 'mycc' | 'othercc' | 'yourcc';
}

export const MYCC: Place = { channel: 'mychannel', chaincode: 'mycc' };
export const OTHERCC: Place = { channel: 'mychannel', chaincode: 'othercc' };

interface Plan {
  readonly functionKey: string;
  readonly computePlanKey: string;
  /** Of the events of setting it up. */
  readonly ids: readonly string[];
}

export interface LedgerSceneOptions {
  /** The development ledger whatever the environment says. */
  readonly kind?: 'dev-ledger';
  /** Calls and streams that a peer of the development ledger serves at once. */
  readonly gatewayLimit?: number;
}

/**
 * A ledger with two organizations, each with a process of the real chaincode: `mycc` and `othercc` on mychannel, `yourcc`
 * on yourchannel. The development ledger, or with ORCHESTRATOR_TEST_LEDGER=fabric a network of Fabric's own programs.
 */
export class LedgerScene implements AsyncDisposable {
  readonly network: LedgerNetwork;
  readonly deployment: OrchestratorDeployment;
  readonly #stack: AsyncDisposableStack;
  readonly #gateways: ReadonlyMap<string, Gateway>;
  readonly #plans = new Map<string, Plan>();

  private constructor(parts: {
    readonly network: LedgerNetwork;
    readonly deployment: OrchestratorDeployment;
    readonly gateways: ReadonlyMap<string, Gateway>;
    readonly stack: AsyncDisposableStack;
  }) {
    this.network = parts.network;
    this.deployment = parts.deployment;
    this.#gateways = parts.gateways;
    this.#stack = parts.stack;
  }

  static async open({ kind, gatewayLimit = 500 }: LedgerSceneOptions = {}): Promise<LedgerScene> {
    await using opened = new AsyncDisposableStack();
    const isFabric = kind === undefined && process.env['ORCHESTRATOR_TEST_LEDGER'] === 'fabric';
    const network: LedgerNetwork = opened.use(isFabric ? await startFabricNetwork() : await startDevLedger({ gatewayLimit }));
    const deployment = opened.use(await deployOrchestrator(network, { policy: POLICY }));
    const label = 'orchestrator_1';
    await network.deploy({ packages: [], chaincodes: [{ channel: OTHERCC.channel, name: OTHERCC.chaincode, package: label, policy: POLICY }] });
    const gateways = new Map<string, Gateway>();
    for (const organization of network.organizations) gateways.set(organization.mspid, await openGateway(organization, opened));
    return new LedgerScene({ network, deployment, gateways, stack: opened.move() });
  }

  /** The development ledger's faults. @throws on another network. */
  get faults(): DevLedger['faults'] {
    if (this.network.kind !== 'dev-ledger') throw new Error('only the development ledger injects faults');
    return (this.network as DevLedger).faults;
  }

  /** The peers of some organizations. */
  connections(...mspids: readonly string[]): LedgerConnections {
    return { mspids: () => mspids, network: (channel, mspid) => this.#network(channel, mspid) };
  }

  /** A facade of all organizations on free ports. */
  startServer(environment: Readonly<Record<string, string>> = {}): Promise<ServerProcess> {
    return ServerProcess.start({ ...this.deployment.environment, ...environment });
  }

  /** Submits a procedure straight to the ledger, again and again until it is committed. @returns the transaction's id. */
  async submit(place: Place, method: string, request: object, mspid = A): Promise<string> {
    const procedure = procedures.find((row) => row.method === method);
    if (procedure === undefined) throw new Error(`no procedure ${method}`);
    const text = formatInvocation({ procedure, request: procedure.request.fromPartial(request), requestId: 'spec' });
    const deadlineMs = Date.now() + SUBMIT_TIMEOUT_MS;
    for (;;) {
      const proposal = this.#network(place.channel, mspid).getContract(place.chaincode).newProposal(functionName(procedure), { arguments: [text] });
      let isSent = false;
      try {
        const transaction = await proposal.endorse();
        isSent = true;
        const commit = await transaction.submit();
        const { successful } = await commit.getStatus({ deadline: Date.now() + STATUS_TIMEOUT_MS });
        if (successful) return commit.getTransactionId();
      } catch (error) {
        if (isSent && (await this.#isCommitted(place, mspid, proposal.getTransactionId()))) return proposal.getTransactionId();
        if (Date.now() > deadlineMs) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY_MS));
    }
  }

  /** Registers so many tasks in one transaction, hence so many events. @returns the events' ids. */
  async addEvents(count: number, random: Random, place = MYCC): Promise<readonly string[]> {
    const { functionKey, computePlanKey } = await this.#prepare(place);
    const tasks = Array.from({ length: count }, () => buildNewComputeTask(random, { functionKey, computePlanKey, worker: A }));
    const transactionId = await this.submit(place, 'RegisterTasks', { tasks });
    return tasks.map((_, index) => `${transactionId}:${index}`);
  }

  /** Sets up what tasks need, if that is not done. @returns the ids of the events. */
  async prepare(place = MYCC): Promise<readonly string[]> {
    return (await this.#prepare(place)).ids;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }

  async #prepare(place: Place): Promise<Plan> {
    const key = JSON.stringify(place);
    const known = this.#plans.get(key);
    if (known !== undefined) return known;
    const random = createRandom(key.length);
    const fn = buildNewFunction(random);
    const plan = buildNewComputePlan(random);
    const transactionIds = [
      await this.submit(place, 'RegisterOrganization', { address: '' }),
      await this.submit(place, 'RegisterFunction', fn),
      await this.submit(place, 'RegisterPlan', plan),
    ];
    const prepared: Plan = { functionKey: fn.key, computePlanKey: plan.key, ids: transactionIds.map((id) => `${id}:0`) };
    this.#plans.set(key, prepared);
    return prepared;
  }

  /** Whether a transaction whose answer was lost took effect, as soon as the peer knows, or after a while. */
  async #isCommitted(place: Place, mspid: string, transactionId: string): Promise<boolean> {
    const deadlineMs = Date.now() + STATUS_TIMEOUT_MS;
    while (Date.now() < deadlineMs) {
      try {
        const bytes = await this.#network(place.channel, mspid).getContract('qscc').evaluateTransaction('GetTransactionByID', place.channel, transactionId);
        return peer.ProcessedTransaction.deserializeBinary(bytes).getValidationcode() === peer.TxValidationCode.VALID;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY_MS));
      }
    }
    return false;
  }

  #network(channel: string, mspid: string): Network {
    const gateway = this.#gateways.get(mspid);
    if (gateway === undefined) throw new Error(`no identity of ${mspid}`);
    return gateway.getNetwork(channel);
  }
}

async function openGateway({ mspid, gatewayAddress, sslTargetName, tlsCaCertFile, user }: LedgerOrganization, stack: AsyncDisposableStack): Promise<Gateway> {
  const options = { 'grpc.ssl_target_name_override': sslTargetName, 'grpc.max_receive_message_length': -1, 'grpc.max_reconnect_backoff_ms': 500 };
  const client = new Client(gatewayAddress, credentials.createSsl(await readFile(tlsCaCertFile)), options);
  stack.defer(() => client.close());
  const [certificate, key] = await Promise.all([readFile(user.certFile), readFile(user.keyFile)]);
  return connect({ client, identity: { mspId: mspid, credentials: certificate }, ...createSigning(createPrivateKey(key)) });
}

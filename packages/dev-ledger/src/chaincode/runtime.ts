import { peer } from '@hyperledger/fabric-protos';
import type { PeerChannel } from '../peer/peer-channel.ts';
import { type ChaincodeDefinition, type InstalledPackage, LIFECYCLE, sequenceKey, SYSTEM_CHAINCODES, VERSION } from './definitions.ts';
import type { ChaincodeCall, Invocation } from './invocation.ts';
import { ChaincodeLink } from './link.ts';
import { type SystemContext, systemAnswer } from './system.ts';

const Type = peer.ChaincodeMessage.Type;
/** Where a chaincode that requires it is marked as initialised: below all keys that a chaincode can name. */
const INITIALIZED_KEY = '\u0000\u{10ffff}initialized';

export interface RuntimeOptions {
  readonly mspid: string;
  readonly system: SystemContext;
  readonly executeTimeoutMs: () => number;
}

/** What a chaincode answered. */
export interface ExecutionResult {
  readonly response: peer.Response;
  readonly event: peer.ChaincodeEvent | undefined;
}

/** The chaincodes of a peer: its system ones, and one stream per installed package. */
export class ChaincodeRuntime {
  readonly #options: RuntimeOptions;
  readonly #links = new Map<string, ChaincodeLink>();

  constructor(options: RuntimeOptions) {
    this.#options = options;
  }

  install(installed: InstalledPackage): void {
    const invoke = (call: ChaincodeCall & { readonly channel: string }): Promise<peer.ChaincodeMessage> => this.#invokeFromChaincode(call);
    this.#links.set(installed.label, new ChaincodeLink({ installed, executeTimeoutMs: this.#options.executeTimeoutMs, invoke }));
  }

  /** Cuts the streams to the chaincodes; they are opened again when they are needed. */
  close(): void {
    for (const link of this.#links.values()) link.close();
  }

  /**
   * Runs a transaction's chaincode.
   * @throws Error in Fabric's words when the peer, not the chaincode, is the reason.
   */
  async execute(call: ChaincodeCall): Promise<ExecutionResult> {
    const { transactionId } = call.invocation;
    const prefix = `failed to execute transaction ${transactionId}: `;
    const message = await this.#invoke(call).catch((error: unknown) => {
      throw new Error(prefix + (error instanceof Error ? error.message : String(error)), { cause: error });
    });
    if (message.getType() === Type.ERROR) {
      throw new Error(`${prefix}transaction returned with failure: ${Buffer.from(message.getPayload_asU8()).toString()}`);
    }
    const event = message.getChaincodeEvent();
    event?.setChaincodeId(call.name);
    event?.setTxId(transactionId);
    return { response: peer.Response.deserializeBinary(message.getPayload_asU8()), event };
  }

  /** The definition that is in force, as every simulation reads it. */
  definition(channel: PeerChannel, name: string, { simulator }: Invocation): ChaincodeDefinition | undefined {
    simulator?.get(LIFECYCLE, sequenceKey(name));
    return channel.definition(name);
  }

  async #invoke(call: ChaincodeCall): Promise<peer.ChaincodeMessage> {
    if (SYSTEM_CHAINCODES.has(call.name)) return completed(systemAnswer(call, this.#options.system));
    const definition = this.#checkInvocation(call);
    const link = this.#links.get(definition.label);
    if (link === undefined || !definition.installedAt.has(this.#options.mspid)) {
      throw new Error(
        `invalid invocation: [channel ${call.invocation.channel}] failed to get chaincode container info for ${call.name}: chaincode definition for '${call.name}' exists, but chaincode is not installed`,
      );
    }
    return await link.execute({ invocation: call.invocation, namespace: call.name, input: call.input });
  }

  #checkInvocation({ invocation, name, input }: ChaincodeCall): ChaincodeDefinition {
    const channel = this.#options.system.channels.get(invocation.channel);
    const definition = channel && this.definition(channel, name, invocation);
    if (definition === undefined) {
      throw new Error(
        `invalid invocation: [channel ${invocation.channel}] failed to get chaincode container info for ${name}: chaincode ${name} not found`,
      );
    }
    const isInit = input.getIsInit();
    if (!definition.initRequired) {
      if (isInit) throw new Error(`invalid invocation: chaincode '${name}' does not require initialization but called as init`);
      return definition;
    }
    const initialized = invocation.simulator?.get(name, INITIALIZED_KEY) !== undefined;
    if (isInit && initialized) throw new Error(`invalid invocation: chaincode '${name}' is already initialized but called as init`);
    if (!isInit && !initialized)
      throw new Error(`invalid invocation: chaincode '${name}' has not been initialized for this version, must call as init first`);
    if (isInit) invocation.simulator?.write(name, INITIALIZED_KEY, Buffer.from(VERSION));
    return definition;
  }

  /** On another channel the called chaincode sees that channel's state, and what it writes is dropped. */
  async #invokeFromChaincode(call: ChaincodeCall & { readonly channel: string }): Promise<peer.ChaincodeMessage> {
    const { invocation, channel: channelId } = call;
    const channel = this.#options.system.channels.get(channelId);
    if (channel === undefined) throw new Error(`Failed to get policy manager for channel [${channelId}]`);
    const own = channelId === invocation.channel;
    const simulator = own ? invocation.simulator : await channel.simulate(invocation.transactionId);
    try {
      const inner: Invocation = { ...invocation, channel: channelId, simulator };
      return await this.#invoke({ ...call, invocation: inner });
    } catch (error) {
      throw new Error(`execute failed: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    } finally {
      if (!own) simulator?.done();
    }
  }
}

function completed(response: peer.Response): peer.ChaincodeMessage {
  const message = new peer.ChaincodeMessage();
  message.setType(Type.COMPLETED);
  message.setPayload(response.serializeBinary());
  return message;
}

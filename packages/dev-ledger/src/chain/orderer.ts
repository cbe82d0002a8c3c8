import { common } from '@hyperledger/fabric-protos';
import type { Faults } from '../faults.ts';
import type { Identities } from '../msp/identities.ts';
import type { Chain } from './chain.ts';
import { attempt } from './transaction.ts';
import { CANNOT_PARSE } from '../wire-text.ts';

const { BAD_REQUEST, FORBIDDEN, REQUEST_ENTITY_TOO_LARGE, SUCCESS } = common.Status;

/** When a block is cut. */
export interface OrderingSettings {
  /** A block is cut this long after its first transaction, in milliseconds. */
  readonly batchTimeoutMs: number;
  readonly maxMessageCount: number;
  /** A transaction larger than this has a block of its own. */
  readonly preferredMaxBytes: number;
  readonly absoluteMaxBytes: number;
}

/** What the orderer answers: a common.Status and, unless it is SUCCESS, why. */
export interface BroadcastAnswer {
  readonly status: number;
  readonly info: string;
}

export interface OrdererOptions {
  readonly identities: Identities;
  readonly faults: Faults;
  readonly settings: OrderingSettings;
  /** A block was appended to a chain. */
  readonly onBlock: (channel: string) => void;
}

const UNSIGNED =
  "implicit policy evaluation failed - 0 sub-policies were satisfied, but this policy requires 1 of the 'Writers' sub-policies to be satisfied: permission denied";

/** Orders the envelopes of each channel and cuts them into blocks, by count, by size and by time. */
export class Orderer {
  readonly #options: OrdererOptions;
  readonly #cutters = new Map<string, BlockCutter>();
  running = true;

  constructor(options: OrdererOptions) {
    this.#options = options;
  }

  addChannel(chain: Chain): void {
    const { settings, faults, onBlock } = this.#options;
    const cut = (envelopes: readonly Uint8Array[]): void => {
      chain.append(envelopes);
      onBlock(chain.channel);
    };
    this.#cutters.set(chain.channel, new BlockCutter({ settings, faults, cut }));
  }

  /** @param envelope A serialized common.Envelope. */
  broadcast(envelope: common.Envelope): BroadcastAnswer {
    const payload = attempt(() => common.Payload.deserializeBinary(envelope.getPayload_asU8()));
    if (payload === undefined) {
      return {
        status: BAD_REQUEST,
        info: `could not determine channel ID: error unmarshalling Payload: ${CANNOT_PARSE}`,
      };
    }
    const header = payload.getHeader() ?? new common.Header();
    const channel = attempt(() => common.ChannelHeader.deserializeBinary(header.getChannelHeader_asU8()).getChannelId()) ?? '';
    const { faults } = this.#options;
    const cutter = this.#cutters.get(channel);
    if (cutter === undefined) {
      return { status: BAD_REQUEST, info: 'channel creation request not allowed because the orderer system channel is not defined' };
    }
    const creator =
      attempt(() => common.SignatureHeader.deserializeBinary(header.getSignatureHeader_asU8()).getCreator_asU8()) ?? new Uint8Array();
    const bytes = envelope.serializeBinary();
    const refusal = this.#refusal(envelope, creator, bytes.length);
    if (refusal !== undefined) return refusal;
    if (!faults.happens('transaction-lost')) cutter.add(bytes);
    return { status: SUCCESS, info: '' };
  }

  /** For what the ledger itself orders: no questions asked. */
  append(channel: string, envelope: Uint8Array): void {
    this.#cutters.get(channel)?.addAlone(envelope);
  }

  /** Cuts no more blocks. */
  stop(): void {
    for (const cutter of this.#cutters.values()) cutter.stop();
  }

  #refusal(envelope: common.Envelope, creator: Uint8Array, size: number): BroadcastAnswer | undefined {
    const { identities, settings } = this.#options;
    const found = identities.identify(creator);
    if (found.kind !== 'unknown' && found.expiresAtMs < Date.now())
      return { status: BAD_REQUEST, info: 'broadcast client identity expired' };
    if (size > settings.absoluteMaxBytes) {
      return {
        status: REQUEST_ENTITY_TOO_LARGE,
        info: `message payload is ${size} bytes and exceeds maximum allowed ${settings.absoluteMaxBytes} bytes`,
      };
    }
    const member = identities.signer({ identity: creator, data: envelope.getPayload_asU8(), signature: envelope.getSignature_asU8() });
    const writes = member !== undefined && (member.role === 'client' || member.role === 'admin');
    return writes ? undefined : { status: FORBIDDEN, info: UNSIGNED };
  }
}

interface CutterOptions {
  readonly settings: OrderingSettings;
  readonly faults: Faults;
  readonly cut: (envelopes: readonly Uint8Array[]) => void;
}

class BlockCutter {
  readonly #options: CutterOptions;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: CutterOptions) {
    this.#options = options;
  }

  add(envelope: Uint8Array): void {
    const { maxMessageCount, preferredMaxBytes, batchTimeoutMs } = this.#options.settings;
    if (envelope.length > preferredMaxBytes) {
      this.addAlone(envelope);
      return;
    }
    if (this.#pendingBytes + envelope.length > preferredMaxBytes) this.#cut();
    this.#pending.push(envelope);
    this.#pendingBytes += envelope.length;
    if (this.#pending.length >= maxMessageCount) this.#cut();
    else this.#timer ??= setTimeout(() => this.#cut(), batchTimeoutMs + this.#options.faults.delayMs('slow-ordering'));
  }

  addAlone(envelope: Uint8Array): void {
    this.#cut();
    this.#options.cut([envelope]);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #cut(): void {
    this.stop();
    if (this.#pending.length === 0) return;
    const envelopes = this.#pending;
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#options.cut(envelopes);
  }
}

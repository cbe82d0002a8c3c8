import { setTimeout as sleep } from 'node:timers/promises';
import type { ChaincodeEvent, Network } from '@hyperledger/fabric-gateway';
import { GatewayError } from '@hyperledger/fabric-gateway';
import { common } from '@hyperledger/fabric-protos';
import { CHAINCODE_EVENT_NAME, Event, parseEvents } from '@orchestrator/lib';
import { BackOff } from '../../broker/publisher/back-off.ts';
import { findTransactionEvent, readBlockHeader } from './block-content.ts';
import type { EventSource, TransactionEvents } from './event-source.ts';
import { cursorAfter, formatEventId, type LedgerCursor, type LedgerEvent, parseEventId } from './ledger-event.ts';
import { ParsedTransactions } from './parsed-transactions.ts';

/** The connections to peers, as far as feeds need them. */
export interface LedgerConnections {
  /** The organizations that there is an identity for. */
  mspids(): readonly string[];
  /** A channel as the organization's peer has it. @throws for an organization that there is no identity for. */
  network(channel: string, mspid: string): Network;
}

export interface FabricEventSourceOptions {
  readonly connections: LedgerConnections;
  readonly channel: string;
  readonly chaincode: string;
  /** The channel's organizations now. */
  readonly organizations: () => readonly string[];
}

/** A question to the peer's `qscc`. */
interface Question {
  readonly name: string;
  readonly args: readonly string[];
  /** Whose peer to ask; of any organization when it is undefined. */
  readonly mspid: string | undefined;
  readonly deadlineMs: number;
}

const QUERY_TIMEOUT_MS = 5000;

const PARSED_BYTES = 8_388_608;

/** The events of a chaincode from Fabric peers: of one organization after another, as far as there are identities. */
export class FabricEventSource implements EventSource {
  readonly #options: FabricEventSourceOptions;
  readonly #parsed = new ParsedTransactions(PARSED_BYTES);
  /** Questions under way, by transaction. */
  readonly #looking = new Map<string, Promise<readonly LedgerEvent[]>>();
  /** Counts failures: each leads to the next organization. */
  #failures = 0;

  constructor(options: FabricEventSourceOptions) {
    this.#options = options;
  }

  async readHeight(): Promise<bigint> {
    const bytes = await this.#query('GetChainInfo', []);
    return BigInt(common.BlockchainInfo.deserializeBinary(bytes).getHeight());
  }

  async readIdentity(): Promise<string> {
    const bytes = await this.#query('GetBlockByNumber', ['0']);
    return readBlockHeader(common.Block.deserializeBinary(bytes)).dataHash;
  }

  async find(eventId: string, mspid?: string): Promise<LedgerCursor | undefined> {
    const parts = parseEventId(eventId);
    if (parts === undefined) return undefined;
    const events = await this.#eventsOf(parts.transactionId, mspid);
    const event = events[parts.index];
    return event === undefined ? undefined : cursorAfter(event);
  }

  async *follow(startBlock: bigint, signal: AbortSignal): AsyncGenerator<TransactionEvents> {
    signal.throwIfAborted();
    const { channel, chaincode } = this.#options;
    try {
      const stream = await this.#network().getChaincodeEvents(chaincode, { startBlock });
      const close = (): void => stream.close();
      signal.addEventListener('abort', close, { once: true });
      try {
        signal.throwIfAborted();
        for await (const event of stream) {
          if (event.eventName !== CHAINCODE_EVENT_NAME) continue;
          const events = this.#parsed.get(event.transactionId, () => readEvents(event, channel));
          if (hasEvents(events)) yield events;
        }
      } finally {
        signal.removeEventListener('abort', close);
        stream.close();
      }
    } catch (error) {
      if (!signal.aborted) this.#failures += 1;
      throw error;
    }
  }

  /** The events of a transaction; none when it is unknown, or not one of the chaincode's. Who asks at the same time, shares. */
  async #eventsOf(transactionId: string, mspid: string | undefined): Promise<readonly LedgerEvent[]> {
    const known = this.#parsed.peek(transactionId) ?? this.#looking.get(transactionId);
    if (known !== undefined) return known;
    const looking = this.#look(transactionId, mspid).finally(() => this.#looking.delete(transactionId));
    this.#looking.set(transactionId, looking);
    return looking;
  }

  async #look(transactionId: string, mspid: string | undefined): Promise<readonly LedgerEvent[]> {
    const bytes = await this.#findBlock(transactionId, mspid);
    if (bytes === undefined) return [];
    const { chaincode, channel } = this.#options;
    const block = common.Block.deserializeBinary(bytes);
    const event = findTransactionEvent(block, transactionId);
    if (event?.chaincode !== chaincode || event.name !== CHAINCODE_EVENT_NAME) return [];
    const { number: blockNumber } = readBlockHeader(block);
    const { payload } = event;
    return this.#parsed.get(transactionId, () => readEvents({ blockNumber, transactionId, payload }, channel));
  }

  /** The block of a transaction in its wire form, which may be some MB; undefined when there is no such transaction. */
  async #findBlock(transactionId: string, mspid: string | undefined): Promise<Uint8Array | undefined> {
    try {
      return await this.#query('GetBlockByTxID', [transactionId], mspid);
    } catch (error) {
      if (isUnknownTransaction(error)) return undefined;
      if (mspid !== undefined) return this.#findBlock(transactionId, undefined);
      throw error;
    }
  }

  /** A peer that serves too many at once is asked again: its places become free one by one. */
  async #query(name: string, args: readonly string[], mspid?: string): Promise<Uint8Array> {
    const deadlineMs = Date.now() + QUERY_TIMEOUT_MS;
    const backOff = new BackOff();
    for (;;) {
      try {
        return await this.#ask({ name, args, mspid, deadlineMs });
      } catch (error) {
        const delayMs = backOff.nextDelayMs();
        if (!isBusy(error) || Date.now() + delayMs > deadlineMs) throw error;
        await sleep(delayMs);
      }
    }
  }

  async #ask({ name, args, mspid, deadlineMs }: Question): Promise<Uint8Array> {
    const { channel } = this.#options;
    try {
      const proposal = this.#network(mspid).getContract('qscc').newProposal(name, { arguments: [channel, ...args] });
      return await proposal.evaluate({ deadline: deadlineMs });
    } catch (error) {
      if (!isUnknownTransaction(error)) this.#failures += 1;
      throw error;
    }
  }

  #network(mspid?: string): Network {
    const { connections, channel, organizations } = this.#options;
    const members = new Set(organizations());
    const candidates = connections.mspids().filter((candidate) => members.has(candidate));
    const chosen = mspid !== undefined && candidates.includes(mspid) ? mspid : candidates[this.#failures % candidates.length];
    if (chosen === undefined) throw new Error(`this server has no identity of an organization of channel ${channel}`);
    return connections.network(channel, chosen);
  }
}

function hasEvents(events: readonly LedgerEvent[]): events is TransactionEvents {
  return events.length > 0;
}

type EventPayload = Pick<ChaincodeEvent, 'blockNumber' | 'transactionId' | 'payload'>;

/** @throws when the payload is not what our chaincode sends. */
function readEvents({ blockNumber, transactionId, payload }: EventPayload, channel: string): readonly LedgerEvent[] {
  return parseEvents(payload).map(({ id, bytes }, index) => {
    // A stream is taken up again by ids: they have to be what they say.
    if (id !== formatEventId({ transactionId, index })) throw new Error(`event ${index} of transaction ${transactionId} has the id ${id}`);
    return { id, block: blockNumber, bytes: withChannel(bytes, channel) };
  });
}

function withChannel(bytes: Uint8Array, channel: string): Uint8Array {
  const event = Event.decode(bytes);
  return event.channel === '' ? Event.encode({ ...event, channel }).finish() : bytes;
}

function isBusy(error: unknown): boolean {
  return error instanceof GatewayError && error.message.includes('too many requests');
}

function isUnknownTransaction(error: unknown): boolean {
  return error instanceof GatewayError && error.details.some(({ message }) => /no such transaction ID|bootstrapped from a snapshot/.test(message));
}

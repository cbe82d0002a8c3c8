import type { Channel } from 'amqplib';
import type { Link } from '../../broker/publisher/amqp-connection.ts';
import { TopologyError } from '../../broker/publisher/explain.ts';
import { type CursorMove, type CursorStore, FencedError, type PublisherLock, type Tenure } from '../../broker/publisher/ports.ts';
import { orAborted } from '../../broker/publisher/signals.ts';
import type { EventSource } from '../events/event-source.ts';
import type { CheckpointStore } from './checkpoint-store.ts';
import { startAt } from './event-log.ts';
import type { Outbox } from './outbox.ts';
import { verifyCheckpoint } from './verify-checkpoint.ts';

export interface LedgerPublisherLockParts {
  readonly store: CheckpointStore;
  readonly outbox: Outbox;
  /** The entry exchange: publishers of another one don't exclude these. */
  readonly exchange: string;
  /** @throws for a channel whose chaincode is not configured. */
  readonly chaincodeOf: (channel: string) => string;
  readonly openSource: (channel: string, chaincode: string) => EventSource;
}

/** A tenure's part of each checkpoint. */
interface Holding {
  readonly fence: bigint;
  readonly chaincode: string;
  readonly ledger: string;
}

const RESOURCE_LOCKED = 405;
const ACCESS_REFUSED = 403;

/**
 * The right to publish a channel from the ledger: an exclusive queue on the broker, of the very connection over which the
 * events go, so that both are lost together. The cursors are in a file that one process writes.
 */
export class LedgerPublisherLock implements PublisherLock, CursorStore {
  readonly #parts: LedgerPublisherLockParts;
  readonly #holdings = new Map<string, Holding>();

  constructor(parts: LedgerPublisherLockParts) {
    this.#parts = parts;
  }

  async tryAcquire(channel: string, link: Link): Promise<Tenure | undefined> {
    const { store, outbox, chaincodeOf, openSource, exchange } = this.#parts;
    const chaincode = chaincodeOf(channel);
    await using stack = new AsyncDisposableStack();
    const queue = await ExclusiveQueue.tryHold(link, `orchestrator.publisher.${exchange}.${channel}`);
    if (queue === undefined) return undefined;
    stack.use(queue);
    const { checkpoint, fence } = await store.begin(channel);
    const source = openSource(channel, chaincode);
    const ledger = await verifyCheckpoint({ path: store.path, channel, chaincode, checkpoint, source });
    const start = startAt(checkpoint);
    outbox.begin(channel, start);
    this.#holdings.set(channel, { fence, chaincode, ledger });
    const held = stack.move();
    return { fence, position: start.position, lost: queue.lost, [Symbol.asyncDispose]: () => held.disposeAsync() };
  }

  async advance({ channel, position, fence }: CursorMove): Promise<void> {
    const { store, outbox } = this.#parts;
    const holding = this.#holdings.get(channel);
    const event = outbox.eventAt(channel, position);
    if (holding?.fence !== fence || event === undefined) throw new FencedError(channel);
    const { chaincode, ledger } = holding;
    await store.put(channel, { chaincode, ledger, block: event.block, event: event.id, position, fence });
    outbox.confirm(channel, position);
  }
}

/** A queue that no other connection can have: the broker takes it away with the connection, however that ends. */
class ExclusiveQueue implements AsyncDisposable {
  readonly #link: Link;
  readonly #amqp: Channel;
  readonly #name: string;
  readonly #closed = new AbortController();
  readonly lost: AbortSignal;

  private constructor(link: Link, amqp: Channel, name: string) {
    this.#link = link;
    this.#amqp = amqp;
    this.#name = name;
    this.lost = AbortSignal.any([link.closed, this.#closed.signal]);
    amqp.on('close', () => this.#closed.abort(new Error('the broker has closed the AMQP channel of the lock')));
  }

  /** Undefined while another connection has it. @throws what the broker said otherwise. */
  static async tryHold(link: Link, name: string): Promise<ExclusiveQueue | undefined> {
    const amqp = await orAborted(link.model.createChannel(), link.closed);
    amqp.on('error', () => undefined);
    try {
      await orAborted(amqp.assertQueue(name, { exclusive: true, durable: false, autoDelete: false }), link.closed);
      return new ExclusiveQueue(link, amqp, name);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code === RESOURCE_LOCKED) return undefined;
      if (code !== ACCESS_REFUSED) throw error;
      throw new TopologyError(`the broker refuses the lock queue ${name}: give the user of ORCHESTRATOR_AMQP_DSN the right to configure ^orchestrator\\.publisher\\.`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.lost.aborted) return;
    const release = async (): Promise<void> => {
      await this.#amqp.deleteQueue(this.#name);
      await this.#amqp.close();
    };
    await orAborted(release(), this.#link.closed).catch(() => undefined);
  }
}

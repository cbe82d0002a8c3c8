import type { AssetKind } from '../gen/orchestrator/common.ts';
import type { Event, EventKind } from '../gen/orchestrator/event.ts';
import { toTimestamp } from '../time/instant.ts';
import type { TransactionContext } from '../services/scope.ts';

/** The asset inside an event, as the generated code tells the kinds apart. */
export type EventAsset = NonNullable<Event['asset']>;

/** What a service tells of one change. */
export interface Change {
  readonly eventKind: EventKind;
  readonly assetKind: AssetKind;
  readonly assetKey: string;
  /** The whole asset as it is after the change. It must not be changed any more. */
  readonly asset: EventAsset;
  readonly metadata?: ReadonlyMap<string, string>;
}

/** Of all events without metadata: nobody changes an event. */
const NO_METADATA = new Map<string, string>();

/** Collects the events of one request in the order in which it makes them. */
export class EventSink {
  readonly #context: TransactionContext;
  readonly #changes: Change[] = [];

  constructor(context: TransactionContext) {
    this.#context = context;
  }

  add(change: Change): void {
    this.#changes.push(change);
  }

  /** The events, with ids and the transaction's channel and instant. */
  toEvents(): Event[] {
    const { channel } = this.#context;
    const timestamp = this.#changes.length === 0 ? undefined : toTimestamp(this.#context.instant);
    return this.#changes.map((change, index) => ({
      id: this.#context.eventId(index),
      assetKey: change.assetKey,
      assetKind: change.assetKind,
      eventKind: change.eventKind,
      channel,
      timestamp,
      asset: change.asset,
      metadata: change.metadata === undefined ? NO_METADATA : new Map(change.metadata),
    }));
  }
}

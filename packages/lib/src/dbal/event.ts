import type { Page, PageRequest } from '../codec/page.ts';
import type { AssetKind } from '../gen/orchestrator/common.ts';
import type { Event, EventKind } from '../gen/orchestrator/event.ts';
import type { Instant } from '../time/instant.ts';

/** All given ones must match. */
export interface EventFilter {
  readonly assetKey?: string | undefined;
  readonly assetKind?: AssetKind | undefined;
  readonly eventKind?: EventKind | undefined;
  /** Every pair must be in the event's metadata. */
  readonly metadata?: ReadonlyMap<string, string> | undefined;
  /** Inclusive. */
  readonly start?: Instant | undefined;
  /** Inclusive. */
  readonly end?: Instant | undefined;
}

/** The channel's event log. */
export interface EventDbal {
  /** Appends the events of one request, in the order in which it made them. */
  addEvents(events: readonly Event[]): void;
  /** In the order of the log, or its reverse. */
  queryEvents(filter: EventFilter, descending: boolean, page: PageRequest): Promise<Page<Event>>;
}

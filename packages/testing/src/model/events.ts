import {
  AssetKind,
  type Event,
  EventKind,
  type EventQueryFilter,
  type QueryEventsParam,
  type QueryEventsResponse,
  SortOrder,
} from '@orchestrator/lib';
import { pageOf } from './pages.ts';
import type { Turn } from './state.ts';
import { validateEnum } from './validation.ts';

export function queryEvents(turn: Turn, param: QueryEventsParam): QueryEventsResponse {
  const { filter, sort } = param;
  validateEnum(SortOrder, sort);
  validateEnum(AssetKind, filter?.assetKind ?? 0);
  validateEnum(EventKind, filter?.eventKind ?? 0);
  const { events } = turn.channel;
  const all = sort === SortOrder.DESCENDING ? events.toReversed() : events;
  const keep = (event: Event) => filter === undefined || matches(event, filter);
  const { items, nextPageToken } = pageOf({ param, all, keep, nameOf: (event) => event.id });
  return { events: items, nextPageToken };
}

function matches(event: Event, filter: EventQueryFilter): boolean {
  return (
    isWithin(event, filter) &&
    (filter.assetKey === '' || event.assetKey === filter.assetKey) &&
    (filter.assetKind === 0 || event.assetKind === filter.assetKind) &&
    (filter.eventKind === 0 || event.eventKind === filter.eventKind) &&
    [...filter.metadata].every(([name, value]) => event.metadata.get(name) === value)
  );
}

function isWithin({ timestamp }: Event, { start, end }: EventQueryFilter): boolean {
  const tick = timestamp?.seconds ?? 0n;
  return (start === undefined || tick >= start.seconds) && (end === undefined || tick <= end.seconds);
}

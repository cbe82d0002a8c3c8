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
  const tick = event.timestamp?.seconds ?? 0n;
  return (
    (filter.assetKey === '' || event.assetKey === filter.assetKey) &&
    (filter.assetKind === 0 || event.assetKind === filter.assetKind) &&
    (filter.eventKind === 0 || event.eventKind === filter.eventKind) &&
    [...filter.metadata].every(([name, value]) => event.metadata.get(name) === value) &&
    (filter.start === undefined || tick >= filter.start.seconds) &&
    (filter.end === undefined || tick <= filter.end.seconds)
  );
}

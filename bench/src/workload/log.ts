import { type QueryEventsResponse, SortOrder } from '@orchestrator/lib';
import type { FollowFigures } from '../client/jobs.ts';
import type { Api } from './api.ts';

const PAGE = 5000;
/** Tag and length of an event's id. */
const PREFIX_CHARACTERS = 2;

/** The id of a channel's last event. */
export async function lastEventId(api: Api, channel: string): Promise<string> {
  const request = { pageSize: 1, sort: SortOrder.DESCENDING };
  const { events } = await api.call<QueryEventsResponse>(channel, 'QueryEvents', request);
  return events[0]?.id ?? '';
}

/** The ids of a channel's events in the order of the log: the first ones, or the last ones. */
export async function eventIds(
  api: Api,
  { channel, count, from }: { readonly channel: string; readonly count: number; readonly from: 'start' | 'end' },
): Promise<readonly string[]> {
  const ids: string[] = [];
  const sort = from === 'start' ? SortOrder.ASCENDING : SortOrder.DESCENDING;
  let pageToken = '';
  while (ids.length < count) {
    const request = { pageSize: Math.min(PAGE, count - ids.length), pageToken, sort };
    const page = await api.call<QueryEventsResponse>(channel, 'QueryEvents', request);
    ids.push(...page.events.map(({ id }) => id));
    pageToken = page.nextPageToken;
    if (pageToken === '') break;
  }
  return from === 'start' ? ids : ids.toReversed();
}

/** @throws Error unless all followers saw exactly these events in this order. */
export function checkDelivery({ heads, mismatches }: FollowFigures, ids: readonly string[]): void {
  if (mismatches > 0) throw new Error(`${mismatches} events came to a follower at another place than to the others`);
  const seen = heads.map((head) => head.slice(PREFIX_CHARACTERS));
  const wrong = ids.findIndex((id, place) => seen[place] !== id);
  if (wrong >= 0 || seen.length !== ids.length) {
    throw new Error(`followers saw ${seen.length} of ${ids.length} events, or another one at place ${wrong}`);
  }
}

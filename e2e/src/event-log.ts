import {
  AssetKind,
  ComputeTaskStatus,
  type Event,
  EventKind,
  FunctionStatus,
  SortOrder,
  type Timestamp,
} from '@orchestrator/lib';
import { assert, nameOf } from './assert.ts';
import type { Caller } from './client.ts';
import type { RequestOf } from './methods.ts';

type EventFilter = NonNullable<RequestOf<'QueryEvents'>['filter']>;

/** All events that fit a filter, over all pages. */
export async function listEvents(caller: Caller, filter: EventFilter, sort?: SortOrder): Promise<Event[]> {
  const events: Event[] = [];
  let pageToken = '';
  do {
    const page = await caller.call('QueryEvents', { filter, pageToken, pageSize: 10_000, sort });
    events.push(...page.events);
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  return events;
}

/** The newest event of the channel. */
export async function latestEvent(caller: Caller): Promise<Event> {
  const { events } = await caller.call('QueryEvents', { pageSize: 1, sort: SortOrder.DESCENDING });
  const [event] = events;
  assert.ok(event !== undefined, 'the channel has no event');
  return event;
}

/** Names of the asset keys of interest; events of other assets are somebody else's. */
export type Labels = Readonly<Record<string, string>>;

/** The events that an action makes about the named assets, in order. */
export async function eventsDuring(caller: Caller, labels: Labels, action: () => Promise<unknown>): Promise<Event[]> {
  const start = (await latestEvent(caller)).timestamp;
  const before = new Set((await listEvents(caller, { start })).map(({ id }) => id));
  await action();
  const keys = new Set(Object.values(labels));
  return (await listEvents(caller, { start })).filter(({ id, assetKey }) => !before.has(id) && keys.has(assetKey));
}

/**
 * The same in words, for comparing whole sequences: `t1: COMPUTE_TASK UPDATED STATUS_DONE (User action)`. The status is
 * that of a task or function inside the event, the words in brackets its metadata.
 */
export async function changesDuring(caller: Caller, labels: Labels, action: () => Promise<unknown>): Promise<string[]> {
  return (await eventsDuring(caller, labels, action)).map((event) => inWords(event, labels));
}

/** One event in words, see `changesDuring`. */
export function inWords(event: Event, labels: Labels): string {
  const label = Object.keys(labels).find((name) => labels[name] === event.assetKey) ?? event.assetKey;
  const asset = nameOf(AssetKind, event.assetKind).replace('ASSET_', '');
  const kind = nameOf(EventKind, event.eventKind).replace('EVENT_ASSET_', '');
  return [`${label}:`, asset, kind, statusIn(event), metadataIn(event)].filter((part) => part !== '').join(' ');
}

function statusIn({ asset }: Event): string {
  if (asset?.$case === 'computeTask') return nameOf(ComputeTaskStatus, asset.value.status);
  if (asset?.$case === 'function') return nameOf(FunctionStatus, asset.value.status);
  return '';
}

function metadataIn({ metadata }: Event): string {
  if (metadata.size === 0) return '';
  const { reason, ...others } = Object.fromEntries(metadata);
  assert.deepEqual(others, {}, 'metadata holds the reason only');
  return `(${reason})`;
}

/** Microseconds since 1970; a timestamp of the server is never finer. */
export function microsOf(timestamp: Timestamp | undefined): bigint {
  assert.ok(timestamp !== undefined, 'a timestamp is missing');
  assert.equal(timestamp.nanos % 1000, 0, 'finer than microseconds');
  return timestamp.seconds * 1_000_000n + BigInt(timestamp.nanos / 1000);
}

import { AssetKind, ComputeTaskStatus, EventKind } from '@orchestrator/lib';
import type { Event } from '@orchestrator/lib';

/** The part of an event that the metrics look at. */
export type EventSummary = Pick<Event, 'assetKind' | 'eventKind' | 'asset'>;

/** What a committed transaction did to compute tasks. */
export interface TaskChanges {
  readonly registered: number;
  /** How many tasks came to each status, by the status's name; those that were registered do not count. */
  readonly updated: ReadonlyMap<string, number>;
}

const statusNames: ReadonlyMap<number, string> = new Map(
  Object.entries(ComputeTaskStatus).map(([name, number]) => [number, name]),
);

/** Reads the changes of compute tasks from the events of one request. */
export function taskChangesOf(events: Iterable<EventSummary>): TaskChanges {
  let registered = 0;
  const updated = new Map<string, number>();
  for (const { assetKind, eventKind, asset } of events) {
    if (assetKind !== AssetKind.ASSET_COMPUTE_TASK || asset?.$case !== 'computeTask') continue;
    if (eventKind === EventKind.EVENT_ASSET_CREATED) registered += 1;
    if (eventKind !== EventKind.EVENT_ASSET_UPDATED) continue;
    const status = statusNames.get(asset.value.status) ?? String(asset.value.status);
    updated.set(status, (updated.get(status) ?? 0) + 1);
  }
  return { registered, updated };
}

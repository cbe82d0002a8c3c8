import { AssetKind, type Event, EventKind } from '@orchestrator/lib';
import { type Turn, performanceKey } from './state.ts';

type Asset = NonNullable<Event['asset']>;

const KINDS: Readonly<Record<Asset['$case'], AssetKind>> = {
  organization: AssetKind.ASSET_ORGANIZATION,
  function: AssetKind.ASSET_FUNCTION,
  dataManager: AssetKind.ASSET_DATA_MANAGER,
  dataSample: AssetKind.ASSET_DATA_SAMPLE,
  computePlan: AssetKind.ASSET_COMPUTE_PLAN,
  computeTask: AssetKind.ASSET_COMPUTE_TASK,
  model: AssetKind.ASSET_MODEL,
  performance: AssetKind.ASSET_PERFORMANCE,
  failureReport: AssetKind.ASSET_FAILURE_REPORT,
  computeTaskOutputAsset: AssetKind.ASSET_COMPUTE_TASK_OUTPUT_ASSET,
  profilingStep: AssetKind.ASSET_PROFILING_STEP,
};

/** The asset key of an event: behaviour.md, 10, at its end. */
function keyOf(asset: Asset): string {
  if (asset.$case === 'organization') return asset.value.id;
  if (asset.$case === 'performance') {
    return performanceKey(asset.value.computeTaskKey, asset.value.computeTaskOutputIdentifier);
  }
  if (asset.$case === 'computeTaskOutputAsset') return asset.value.computeTaskKey;
  if (asset.$case === 'failureReport' || asset.$case === 'profilingStep') return asset.value.assetKey;
  return asset.value.key;
}

interface Change {
  readonly eventKind: EventKind;
  readonly asset: Asset;
  readonly reason?: string | undefined;
}

function emit(turn: Turn, { eventKind, asset, reason }: Change): void {
  const { events } = turn.channel;
  events.push({
    id: `event ${events.length}`,
    assetKey: keyOf(asset),
    assetKind: KINDS[asset.$case],
    eventKind,
    channel: turn.name,
    timestamp: turn.now,
    asset,
    metadata: new Map(reason === undefined ? [] : [['reason', reason]]),
  });
}

export function emitCreated(turn: Turn, asset: Asset): void {
  emit(turn, { eventKind: EventKind.EVENT_ASSET_CREATED, asset });
}

export function emitUpdated(turn: Turn, asset: Asset): void {
  emit(turn, { eventKind: EventKind.EVENT_ASSET_UPDATED, asset });
}

/** Only changes of the status of tasks and functions have a reason. */
export function emitMoved(turn: Turn, asset: Asset, { reason }: { readonly reason: string }): void {
  emit(turn, { eventKind: EventKind.EVENT_ASSET_UPDATED, asset, reason });
}

export function emitDisabled(turn: Turn, asset: Asset): void {
  emit(turn, { eventKind: EventKind.EVENT_ASSET_DISABLED, asset });
}

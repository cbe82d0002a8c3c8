import {
  AssetKind,
  type ComputePlan,
  type ComputeTask,
  type DataManager,
  type DataSample,
  type Model,
  type OrchestratorFunction,
  type OrganizationDbal,
  type Stored,
  type TaskReferenceQuery,
  type TaskReferences,
} from '@orchestrator/lib';
import type { AssetStore } from './asset-store.ts';

interface Gets<T> {
  get(keys: readonly string[]): Promise<ReadonlyMap<string, Stored<T>>>;
}

/** What tasks name, besides other tasks. */
export interface ReferencedAssets {
  readonly computePlans: Gets<ComputePlan>;
  readonly functions: Gets<OrchestratorFunction>;
  readonly dataManagers: Gets<DataManager>;
  readonly dataSamples: Gets<DataSample>;
  readonly models: Gets<Model>;
  readonly organizations: Pick<OrganizationDbal, 'getRegisteredIds'>;
}

/** All that a batch of new tasks is checked against, see `ComputeTaskDbal.getTaskReferences`. */
export async function readTaskReferences(
  query: TaskReferenceQuery,
  store: AssetStore<ComputeTask>,
  assets: ReferencedAssets,
): Promise<TaskReferences> {
  const tasks = await store.get(query.taskKeys);
  const taskFunctionKeys = Array.from(tasks.values(), (task) => task.value.functionKey);
  const functions = await assets.functions.get([...query.functionKeys, ...taskFunctionKeys]);
  const keysOf = keysByKind(query, functions);
  return {
    tasks,
    tasksWithDisabledModel: await withDisabledModel(store, [...tasks.keys()]),
    computePlans: await assets.computePlans.get(query.computePlanKeys),
    functions,
    dataManagers: await assets.dataManagers.get(keysOf(AssetKind.ASSET_DATA_MANAGER)),
    dataSamples: await assets.dataSamples.get(keysOf(AssetKind.ASSET_DATA_SAMPLE)),
    models: await assets.models.get(keysOf(AssetKind.ASSET_MODEL)),
    organizationIds: await assets.organizations.getRegisteredIds(query.organizationIds),
  };
}

/** The keys to look for as assets of a kind: those that the function of their input says, or all when inputs are not known. */
function keysByKind(
  { assetInputs, assetKeys }: TaskReferenceQuery,
  functions: ReadonlyMap<string, Stored<OrchestratorFunction>>,
): (kind: AssetKind) => readonly string[] {
  if (assetInputs === undefined) return () => assetKeys;
  const kinds = Map.groupBy(assetInputs, (input) => functions.get(input.functionKey)?.value.inputs.get(input.identifier)?.kind);
  return (kind) => (kinds.get(kind) ?? []).map(({ assetKey }) => assetKey);
}

async function withDisabledModel(store: AssetStore<ComputeTask>, keys: readonly string[]): Promise<ReadonlySet<string>> {
  const records = await Promise.all(keys.map((key) => store.getRecord(key)));
  return new Set(keys.filter((_, index) => records[index]?.extras.disabled === true));
}

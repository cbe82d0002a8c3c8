import { AssetKind, ComputeTaskStatus, type Event, EventKind, SortOrder } from '@orchestrator/lib';
import { parentKeysOf } from '../model/propagation.ts';
import { type Scene, type Step, mostly, prefer, someKey } from './step.ts';

const STATUS_WAITING_FOR_EXECUTOR_SLOT: ComputeTaskStatus = ComputeTaskStatus.STATUS_WAITING_FOR_EXECUTOR_SLOT;
const STATUS_EXECUTING: ComputeTaskStatus = ComputeTaskStatus.STATUS_EXECUTING;
const STATUS_FAILED: ComputeTaskStatus = ComputeTaskStatus.STATUS_FAILED;

/** Procedures that take one key. */
const GETS = [
  { procedure: 'FunctionService/GetFunction', shelf: 'functions', field: 'key' },
  { procedure: 'DataManagerService/GetDataManager', shelf: 'dataManagers', field: 'key' },
  { procedure: 'DatasetService/GetDataset', shelf: 'dataManagers', field: 'key' },
  { procedure: 'DataSampleService/GetDataSample', shelf: 'dataSamples', field: 'key' },
  { procedure: 'ComputePlanService/GetPlan', shelf: 'plans', field: 'key' },
  { procedure: 'ComputePlanService/IsPlanRunning', shelf: 'plans', field: 'key' },
  { procedure: 'ComputePlanService/IsPlanRunning', shelf: 'plans', field: 'key' },
  { procedure: 'ComputeTaskService/GetTask', shelf: 'tasks', field: 'key' },
  { procedure: 'ComputeTaskService/GetTaskInputAssets', shelf: 'tasks', field: 'computeTaskKey' },
  { procedure: 'ModelService/GetModel', shelf: 'models', field: 'key' },
  { procedure: 'ModelService/GetComputeTaskOutputModels', shelf: 'tasks', field: 'computeTaskKey' },
] as const;

export function getByKey(scene: Scene): Step {
  const { procedure, shelf, field } = scene.random.pick(GETS);
  return { mspid: mostly(scene, undefined), procedure, request: { [field]: someKey(scene, shelf) } };
}

/** What a worker asks before it starts. */
export function getTaskInputAssets(scene: Scene): Step | undefined {
  const { random, channel } = scene;
  const produced = new Set(channel.outputAssets.map((entry) => entry.computeTaskKey));
  const tasks = [...channel.tasks.values()];
  const task = prefer(random, tasks, (each) => {
    const isOpen = [STATUS_WAITING_FOR_EXECUTOR_SLOT, STATUS_EXECUTING, STATUS_FAILED].includes(each.status);
    return isOpen && parentKeysOf(each).some((key) => produced.has(key));
  });
  if (task === undefined) return undefined;
  const request = { computeTaskKey: task.key };
  return { mspid: mostly(scene, task.worker), procedure: 'ComputeTaskService/GetTaskInputAssets', request };
}

export function getFailureReport(scene: Scene): Step {
  const reported = [...scene.channel.failureReports.keys()];
  const known = reported.length > 0 && scene.random.chance(80);
  const assetKey = known ? scene.random.pick(reported) : someKey(scene, 'tasks');
  return { mspid: mostly(scene, undefined), procedure: 'FailureReportService/GetFailureReport', request: { assetKey } };
}

export function getWithoutKey(scene: Scene): Step {
  const procedure = scene.random.pick(['OrganizationService/GetAllOrganizations', 'InfoService/QueryVersion']);
  return { mspid: mostly(scene, undefined), procedure, request: {} };
}

type Filters = Readonly<Record<string, (scene: Scene) => object | undefined>>;

/** Listings, and their filters. */
const QUERIES: Filters = {
  'FunctionService/QueryFunctions': (scene) => ({ computePlanKey: someKey(scene, 'plans') }),
  'DataManagerService/QueryDataManagers': () => undefined,
  'DataSampleService/QueryDataSamples': (scene) => ({
    keys: Array.from({ length: scene.random.below(4) }, () => someKey(scene, 'dataSamples')),
  }),
  'ComputePlanService/QueryPlans': (scene) => ({ owner: scene.random.pick([...scene.organizations, 'nobody', '']) }),
  'ComputeTaskService/QueryTasks': taskFilter,
  'PerformanceService/QueryPerformances': performanceFilter,
  'EventService/QueryEvents': eventFilter,
};

export function query(scene: Scene): Step {
  const { random, openListings } = scene;
  if (openListings.length > 0 && random.chance(40)) return random.pick(openListings);
  const [procedure, filterOf] = random.pick(Object.entries(QUERIES));
  const filter = random.chance(55) ? filterOf(scene) : undefined;
  const pageSize = random.pick([0, 1, 2, 3, 7, 50, 10_000, 4_294_967_295]);
  const pageToken = random.chance(97) ? '' : random.pick(['x', 'W10=', 'bnVsbA==', '\u{1f9ea}']);
  const sort = procedure === 'EventService/QueryEvents' ? { sort: random.pick(Object.values(SortOrder)) } : {};
  return { mspid: mostly(scene, undefined), procedure, request: { pageToken, pageSize, filter, ...sort } };
}

function taskFilter(scene: Scene): object {
  const { random } = scene;
  return {
    worker: random.chance(40) ? random.pick([...scene.organizations, 'nobody']) : '',
    status: random.chance(40) ? random.pick(Object.values(ComputeTaskStatus)) : 0,
    computePlanKey: random.chance(40) ? someKey(scene, 'plans') : '',
    functionKey: random.chance(40) ? someKey(scene, 'functions') : '',
  };
}

function performanceFilter(scene: Scene): object {
  const { random, channel } = scene;
  const [first] = random.shuffle([...channel.performances.values()]);
  return {
    computeTaskKey: random.chance(50) ? (first?.computeTaskKey ?? '') : someKey(scene, 'tasks'),
    computeTaskOutputIdentifier: random.pick(['', 'performance', 'é', first?.computeTaskOutputIdentifier ?? 'x']),
  };
}

function eventFilter(scene: Scene): object {
  const { random, channel, times } = scene;
  const time = () => (times.length > 0 && random.chance(35) ? random.pick(times) : undefined);
  const event: Partial<Event> = channel.events.length > 0 ? random.pick(channel.events) : {};
  return {
    assetKey: random.chance(30) ? (event.assetKey ?? 'x') : '',
    assetKind: random.chance(30) ? (event.assetKind ?? random.pick(Object.values(AssetKind))) : 0,
    eventKind: random.chance(30) ? random.pick(Object.values(EventKind)) : 0,
    metadata: random.chance(30) ? new Map(event.metadata ?? [['reason', 'x']]) : new Map(),
    start: time(),
    end: time(),
  };
}

import {
  ComputePlanAction,
  FunctionAction,
  FunctionStatus,
  type NewDataSample,
  type OrchestratorFunction,
} from '@orchestrator/lib';
import {
  buildAddressable,
  buildNewComputePlan,
  buildNewDataManager,
  buildNewDataSample,
  buildNewFunction,
} from '../builders/requests.ts';
import { type Scene, type Step, mostly, newKey, prefer, someKey, someOwner } from './step.ts';
import { someMetadata, somePermissions, someShape } from './wishes.ts';

export function registerOrganization(scene: Scene): Step | undefined {
  const missing = scene.organizations.filter((id) => !scene.channel.organizations.has(id));
  if (missing.length === 0 && scene.random.chance(80)) return undefined;
  const address = scene.random.pick(['', 'http://backend.org', 'https://a-b.c_d.org:8080/x?y=z', 'tcp://127.0.0.1:1']);
  const mspid = mostly(scene, missing[0]);
  return { mspid, procedure: 'OrganizationService/RegisterOrganization', request: { address } };
}

export function registerFunction(scene: Scene): Step {
  const { random } = scene;
  const request = buildNewFunction(random, {
    key: newKey(scene, 'functions'),
    name: random.pick(['function', 'é\u{1f9ea}', '__proto__']),
    newPermissions: somePermissions(scene),
    metadata: someMetadata(random),
    ...someShape(random),
  });
  return { mspid: someOwner(scene), procedure: 'FunctionService/RegisterFunction', request };
}

export function updateFunction(scene: Scene): Step {
  const { random, channel } = scene;
  const key = someKey(scene, 'functions');
  const image = random.pick([undefined, { checksum: '', storageAddress: '' }, buildAddressable(random)]);
  const request = { key, name: `function ${random.below(100)}`, image };
  return {
    mspid: mostly(scene, channel.functions.get(key)?.owner),
    procedure: 'FunctionService/UpdateFunction',
    request,
  };
}

function times<T>(length: number, item: T): T[] {
  return Array.from({ length }, () => item);
}

const NEXT_FUNCTION_ACTIONS: Readonly<Partial<Record<FunctionStatus, readonly FunctionAction[]>>> = {
  [FunctionStatus.FUNCTION_STATUS_WAITING]: [
    ...times(15, FunctionAction.FUNCTION_ACTION_BUILDING),
    FunctionAction.FUNCTION_ACTION_CANCELED,
  ],
  [FunctionStatus.FUNCTION_STATUS_BUILDING]: [
    ...times(14, FunctionAction.FUNCTION_ACTION_READY),
    FunctionAction.FUNCTION_ACTION_FAILED,
    FunctionAction.FUNCTION_ACTION_CANCELED,
  ],
};

export function applyFunctionAction(scene: Scene): Step | undefined {
  const { random, channel } = scene;
  const fns = [...channel.functions.values()];
  const fn = prefer(random, fns, (each: OrchestratorFunction) => each.status in NEXT_FUNCTION_ACTIONS);
  if (fn === undefined || (!(fn.status in NEXT_FUNCTION_ACTIONS) && random.chance(75))) return undefined;
  const any = Object.values(FunctionAction);
  const action = random.pick(random.chance(93) ? (NEXT_FUNCTION_ACTIONS[fn.status] ?? any) : any);
  const request = { functionKey: random.chance(97) ? fn.key : someKey(scene, 'functions'), action };
  return { mspid: mostly(scene, fn.owner), procedure: 'FunctionService/ApplyFunctionAction', request };
}

export function registerDataManager(scene: Scene): Step {
  const request = buildNewDataManager(scene.random, {
    key: newKey(scene, 'dataManagers'),
    newPermissions: somePermissions(scene),
    logsPermission: somePermissions(scene),
    metadata: someMetadata(scene.random),
    type: scene.random.pick(['', 'ignored']),
  });
  return { mspid: someOwner(scene), procedure: 'DataManagerService/RegisterDataManager', request };
}

export function updateDataManager(scene: Scene): Step {
  const key = someKey(scene, 'dataManagers');
  const mspid = mostly(scene, scene.channel.dataManagers.get(key)?.owner);
  return { mspid, procedure: 'DataManagerService/UpdateDataManager', request: { key, name: 'renamed' } };
}

/** Managers of one organization, rarely with a stranger among them. */
function managerKeys(scene: Scene, owner: string): string[] {
  const { random, channel } = scene;
  const own = [...channel.dataManagers.values()].filter((manager) => manager.owner === owner).map(({ key }) => key);
  const keys = random.shuffle(own).slice(0, 1 + random.below(2));
  if (random.chance(10)) keys.push(...keys);
  return random.chance(96) ? keys : [...keys, someKey(scene, 'dataManagers')].filter((key) => key.length > 1);
}

export function registerDataSamples(scene: Scene): Step {
  const { random } = scene;
  const mspid = someOwner(scene);
  const samples = Array.from({ length: 1 + random.below(3) }, (): NewDataSample => {
    const testOnly = random.chance(30);
    return buildNewDataSample(random, {
      key: newKey(scene, 'dataSamples'),
      dataManagerKeys: managerKeys(scene, mspid),
      testOnly,
    });
  });
  return { mspid, procedure: 'DataSampleService/RegisterDataSamples', request: { samples } };
}

export function updateDataSamples(scene: Scene): Step | undefined {
  const { random, channel } = scene;
  const mspid = someOwner(scene);
  const own = [...channel.dataSamples.values()].filter((sample) => random.chance(97) === (sample.owner === mspid));
  if (own.length === 0) return undefined;
  const keys = random.shuffle(own.map(({ key }) => key)).slice(0, 3);
  if (random.chance(6)) keys.push(random.key());
  const request = { keys, dataManagerKeys: managerKeys(scene, mspid) };
  return { mspid, procedure: 'DataSampleService/UpdateDataSamples', request };
}

export function registerPlan(scene: Scene): Step {
  const { random } = scene;
  const request = buildNewComputePlan(random, {
    key: newKey(scene, 'plans'),
    tag: random.pick(['', 'tag', 'é'.repeat(50)]),
    metadata: someMetadata(random),
  });
  return { mspid: someOwner(scene), procedure: 'ComputePlanService/RegisterPlan', request };
}

export function updatePlan(scene: Scene): Step {
  const key = someKey(scene, 'plans');
  const mspid = mostly(scene, scene.channel.plans.get(key)?.owner);
  return { mspid, procedure: 'ComputePlanService/UpdatePlan', request: { key, name: 'renamed \u{1f9ea}' } };
}

export function applyPlanAction(scene: Scene): Step {
  const { random } = scene;
  const key = someKey(scene, 'plans');
  const action = random.chance(85) ? ComputePlanAction.PLAN_ACTION_CANCELED : random.pick([0, 99]);
  const mspid = mostly(scene, scene.channel.plans.get(key)?.owner);
  return { mspid, procedure: 'ComputePlanService/ApplyPlanAction', request: { key, action } };
}

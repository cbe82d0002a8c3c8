import {
  AssetKind,
  ComputeTaskAction,
  type Event,
  FailedAssetKind,
  FunctionAction,
  type NewComputeTask,
  type Procedure,
  procedures,
} from '@orchestrator/lib';
import {
  buildAddressable,
  buildNewComputePlan,
  buildNewComputeTask,
  buildNewDataManager,
  buildNewDataSample,
  buildNewFailureReport,
  buildNewFunction,
  buildNewModel,
  buildNewPerformance,
  buildNewPermissions,
  buildProfilingStep,
  createRandom,
} from '@orchestrator/testing';

/** A request that was answered. */
export interface TourStep {
  readonly procedure: Procedure;
  readonly request: object;
}

/** Calls a procedure by name. @returns the decoded answer. */
export type TourCall = (method: string, request: object) => Promise<unknown>;

type Step = readonly [method: string, request: object];

/** For specs: the row of a procedure. */
export function procedureOf(method: string): Procedure {
  const procedure = procedures.find((row) => row.method === method);
  if (procedure === undefined) throw new Error(`no procedure ${method}`);
  return procedure;
}

/**
 * For specs: a request of every procedure of the table, each of which an empty channel answers when they come in this
 * order. The event stream, which has no call, is the last one.
 *
 * @param call sends them; it is to throw when one is refused.
 */
export async function takeTour(seed: number, mspid: string, call: TourCall): Promise<readonly TourStep[]> {
  const steps: TourStep[] = [];
  let firstEventId = '';
  for (const [method, request] of tourOf(seed, mspid)) {
    const answer = await call(method, request);
    if (method === 'QueryEvents') firstEventId = (answer as { readonly events: readonly Event[] }).events[0]?.id ?? '';
    steps.push({ procedure: procedureOf(method), request });
  }
  steps.push({ procedure: procedureOf('SubscribeToEvents'), request: { startEventId: firstEventId } });
  return steps;
}

function tourOf(seed: number, mspid: string): readonly Step[] {
  const random = createRandom(seed);
  const model = { kind: AssetKind.ASSET_MODEL, multiple: false };
  const outputs = new Map<string, { kind: AssetKind; multiple: boolean }>([
    ['model', model],
    ['performance', { kind: AssetKind.ASSET_PERFORMANCE, multiple: false }],
  ]);
  const inputs = new Map([['model', { ...model, optional: true }]]);
  const fn = buildNewFunction(random, { inputs, outputs });
  const broken = buildNewFunction(random);
  const dataManager = buildNewDataManager(random);
  const sample = buildNewDataSample(random);
  const plan = buildNewComputePlan(random);
  const output = { permissions: buildNewPermissions(), transient: false };
  const task = (changed: Partial<NewComputeTask> = {}): NewComputeTask =>
    buildNewComputeTask(random, {
      functionKey: fn.key,
      computePlanKey: plan.key,
      worker: mspid,
      outputs: new Map([
        ['model', { ...output, transient: true }],
        ['performance', output],
      ]),
      ...changed,
    });
  const parent = task();
  const parentTaskOutput = { parentTaskKey: parent.key, outputIdentifier: 'model' };
  const child = task({ inputs: [{ identifier: 'model', ref: { $case: 'parentTaskOutput', value: parentTaskOutput } }] });
  const parts = { fn, broken, dataManager, sample, plan, tasks: [parent, child] as const, random };
  return [...registration(parts), ...work(parts), ...reading(parts), ...ending(parts)];
}

interface Parts {
  readonly fn: ReturnType<typeof buildNewFunction>;
  readonly broken: ReturnType<typeof buildNewFunction>;
  readonly dataManager: ReturnType<typeof buildNewDataManager>;
  readonly sample: ReturnType<typeof buildNewDataSample>;
  readonly plan: ReturnType<typeof buildNewComputePlan>;
  readonly tasks: readonly [parent: NewComputeTask, child: NewComputeTask];
  readonly random: ReturnType<typeof createRandom>;
}

function registration({ fn, broken, dataManager, sample, plan, tasks, random }: Parts): readonly Step[] {
  return [
    ['RegisterOrganization', { address: 'https://backend.example' }],
    ['RegisterFunction', fn],
    ['RegisterFunction', broken],
    ['UpdateFunction', { key: fn.key, name: 'renamed', image: buildAddressable(random) }],
    ['ApplyFunctionAction', { functionKey: fn.key, action: FunctionAction.FUNCTION_ACTION_BUILDING }],
    ['ApplyFunctionAction', { functionKey: fn.key, action: FunctionAction.FUNCTION_ACTION_READY }],
    ['RegisterDataManager', dataManager],
    ['UpdateDataManager', { key: dataManager.key, name: 'renamed' }],
    ['RegisterDataSamples', { samples: [sample] }],
    ['UpdateDataSamples', { keys: [sample.key], dataManagerKeys: [dataManager.key] }],
    ['RegisterPlan', plan],
    ['UpdatePlan', { key: plan.key, name: 'renamed' }],
    ['RegisterTasks', { tasks }],
  ];
}

function work({ broken, tasks: [parent, child], random }: Parts): readonly Step[] {
  const [model, late] = [parent, child].map(({ key }) => buildNewModel(random, { computeTaskKey: key }));
  const action = (key: string, kind: ComputeTaskAction): Step => [
    'ApplyTaskAction',
    { computeTaskKey: key, action: kind, log: '' },
  ];
  return [
    action(parent.key, ComputeTaskAction.TASK_ACTION_EXECUTING),
    ['RegisterModel', model ?? {}],
    ['RegisterPerformance', buildNewPerformance(random, { computeTaskKey: parent.key })],
    ['RegisterProfilingStep', buildProfilingStep(random, { assetKey: parent.key })],
    action(parent.key, ComputeTaskAction.TASK_ACTION_DONE),
    action(child.key, ComputeTaskAction.TASK_ACTION_EXECUTING),
    ['GetTaskInputAssets', { computeTaskKey: child.key }],
    ['RegisterModels', { models: [late] }],
    ['RegisterPerformance', buildNewPerformance(random, { computeTaskKey: child.key })],
    action(child.key, ComputeTaskAction.TASK_ACTION_DONE),
    ['ApplyFunctionAction', { functionKey: broken.key, action: FunctionAction.FUNCTION_ACTION_BUILDING }],
    [
      'RegisterFailureReport',
      buildNewFailureReport(random, { assetKey: broken.key, errorType: 1, assetType: FailedAssetKind.FAILED_ASSET_FUNCTION }),
    ],
    ['GetModel', { key: model?.key }],
    ['DisableOutput', { computeTaskKey: parent.key, identifier: 'model' }],
  ];
}

function reading({ fn, broken, dataManager, sample, plan, tasks: [task] }: Parts): readonly Step[] {
  return [
    ['GetAllOrganizations', {}],
    ['GetFunction', { key: fn.key }],
    ['QueryFunctions', { filter: { computePlanKey: plan.key } }],
    ['GetDataManager', { key: dataManager.key }],
    ['QueryDataManagers', {}],
    ['GetDataSample', { key: sample.key }],
    ['QueryDataSamples', { filter: { keys: [sample.key] } }],
    ['GetDataset', { key: dataManager.key }],
    ['GetPlan', { key: plan.key }],
    ['QueryPlans', {}],
    ['IsPlanRunning', { key: plan.key }],
    ['GetTask', { key: task.key }],
    ['QueryTasks', { filter: { computePlanKey: plan.key, functionKey: fn.key } }],
    ['GetComputeTaskOutputModels', { computeTaskKey: task.key }],
    ['QueryPerformances', { filter: { computeTaskKey: task.key } }],
    ['GetFailureReport', { assetKey: broken.key }],
    ['QueryEvents', { filter: { assetKey: task.key } }],
    ['QueryVersion', {}],
  ];
}

function ending({ plan }: Parts): readonly Step[] {
  return [['ApplyPlanAction', { key: plan.key, action: 1 }]];
}

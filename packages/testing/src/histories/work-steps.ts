import {
  AssetKind,
  type ComputeTask,
  ComputeTaskAction,
  ComputeTaskStatus,
  ErrorType,
  FailedAssetKind,
  FunctionStatus,
} from '@orchestrator/lib';
import { buildAddressable, buildNewFailureReport, buildNewModel, buildProfilingStep } from '../builders/requests.ts';
import type { Random } from '../random/random.ts';
import { isFinal } from '../model/task-actions.ts';
import { parentKeysOf } from '../model/propagation.ts';
import { type Scene, type Step, mostly, newKey, prefer, someKey } from './step.ts';

const { STATUS_EXECUTING, STATUS_WAITING_FOR_EXECUTOR_SLOT } = ComputeTaskStatus;
const { TASK_ACTION_EXECUTING, TASK_ACTION_DONE, TASK_ACTION_CANCELED, TASK_ACTION_FAILED } = ComputeTaskAction;
const { ASSET_MODEL, ASSET_PERFORMANCE } = AssetKind;

function tasksOf(scene: Scene): ComputeTask[] {
  return [...scene.channel.tasks.values()];
}

function nextAction(random: Random, task: ComputeTask): ComputeTaskAction {
  if (random.chance(4)) return random.pick([...Object.values(ComputeTaskAction), 99 as ComputeTaskAction]);
  if (task.status === STATUS_WAITING_FOR_EXECUTOR_SLOT) return TASK_ACTION_EXECUTING;
  if (task.status !== STATUS_EXECUTING) return random.pick([TASK_ACTION_CANCELED, TASK_ACTION_FAILED]);
  return random.chance(88) ? TASK_ACTION_DONE : random.pick([TASK_ACTION_CANCELED, TASK_ACTION_FAILED]);
}

export function applyTaskAction(scene: Scene): Step | undefined {
  const { random } = scene;
  const active = ({ status }: ComputeTask) =>
    status === STATUS_EXECUTING || status === STATUS_WAITING_FOR_EXECUTOR_SLOT;
  const candidates = random.chance(96) ? tasksOf(scene).filter(active) : tasksOf(scene);
  const task = prefer(random, candidates, ({ status }) => status === STATUS_WAITING_FOR_EXECUTOR_SLOT);
  if (task === undefined) return undefined;
  // A worker that is in no hurry: what executes has time to register its outputs.
  const hasOutput = scene.channel.outputAssets.some((entry) => entry.computeTaskKey === task.key);
  if (task.status === STATUS_EXECUTING && random.chance(hasOutput ? 10 : 80)) return undefined;
  const log = random.pick(['', '', 'log', 'é\u{1f9ea} __proto__', 'l'.repeat(1000)]);
  const request = { computeTaskKey: task.key, action: nextAction(random, task), log };
  const mspid = mostly(scene, random.chance(90) ? task.worker : task.owner);
  return { mspid, procedure: 'ComputeTaskService/ApplyTaskAction', request };
}

/** An executing task with an output of that kind. */
function producer(scene: Scene, kind: AssetKind): { task: ComputeTask; identifier: string } | undefined {
  const { random, channel } = scene;
  const identifiersOf = (task: ComputeTask) =>
    [...(channel.functions.get(task.functionKey)?.outputs ?? [])]
      .filter(([, output]) => output.kind === kind)
      .map(([identifier]) => identifier);
  const isFree = (task: ComputeTask) =>
    task.status === STATUS_EXECUTING &&
    identifiersOf(task).some(
      (identifier) =>
        !channel.outputAssets.some(
          (entry) => entry.computeTaskKey === task.key && entry.computeTaskOutputIdentifier === identifier,
        ),
    );
  const task = prefer(random, tasksOf(scene), isFree);
  if (task === undefined || (!isFree(task) && random.chance(85))) return undefined;
  const identifiers = identifiersOf(task);
  const known = identifiers.length > 0 && random.chance(97);
  return { task, identifier: known ? random.pick(identifiers) : random.pick(['unknown', ...task.outputs.keys()]) };
}

export function registerModels(scene: Scene): Step | undefined {
  const { random } = scene;
  const found = producer(scene, ASSET_MODEL);
  if (found === undefined) return undefined;
  const { task, identifier } = found;
  const count = random.pick([1, 1, 2, 3]);
  const isMultiple = scene.channel.functions.get(task.functionKey)?.outputs.get(identifier)?.multiple === true;
  const models = Array.from({ length: isMultiple || random.chance(10) ? count : 1 }, () =>
    buildNewModel(random, {
      key: newKey(scene, 'models'),
      computeTaskKey: random.chance(99) ? task.key : someKey(scene, 'tasks'),
      computeTaskOutputIdentifier: identifier,
    }),
  );
  const [first] = models;
  const mspid = mostly(scene, task.worker);
  if (models.length === 1 && first !== undefined && random.chance(40)) {
    return { mspid, procedure: 'ModelService/RegisterModel', request: first };
  }
  return { mspid, procedure: 'ModelService/RegisterModels', request: { models } };
}

export function registerPerformance(scene: Scene): Step | undefined {
  const { random } = scene;
  const found = producer(scene, ASSET_PERFORMANCE);
  if (found === undefined) return undefined;
  const values = [0, -0, 1, -1.5, 0.1, 1e-45, 3.4028234663852886e38, Infinity, -Infinity, NaN];
  const request = {
    computeTaskKey: found.task.key,
    performanceValue: Math.fround(random.pick(values)),
    computeTaskOutputIdentifier: found.identifier,
  };
  return { mspid: mostly(scene, found.task.worker), procedure: 'PerformanceService/RegisterPerformance', request };
}

/** Outputs of a task under which something is registered. */
function filledOutputs({ channel }: Scene, task: ComputeTask): string[] {
  const entries = channel.outputAssets.filter((entry) => entry.computeTaskKey === task.key);
  return entries.map((entry) => entry.computeTaskOutputIdentifier);
}

export function disableOutput(scene: Scene): Step | undefined {
  const { random } = scene;
  const tasks = tasksOf(scene);
  // Tasks that still run, those with a child that still runs, and outputs that are not transient are refused.
  const isLenient = random.chance(25);
  const isTransient = (task: ComputeTask) => (identifier: string) => task.outputs.get(identifier)?.transient === true;
  const isOver = ({ status }: ComputeTask) => isFinal(status);
  const isRipe = (task: ComputeTask): boolean => {
    const filled = filledOutputs(scene, task);
    const children = tasks.filter((each) => parentKeysOf(each).includes(task.key));
    if (isLenient) return filled.length > 0 && children.some(isOver);
    return isOver(task) && filled.some(isTransient(task)) && children.length > 0 && children.every(isOver);
  };
  const task = prefer(random, tasks, isRipe);
  if (task === undefined || (!isRipe(task) && random.chance(60))) return undefined;
  const filled = filledOutputs(scene, task);
  const fitting = isLenient ? filled : filled.filter(isTransient(task));
  const identifier = random.pick(fitting.length > 0 && random.chance(85) ? fitting : ['', 'x', ...task.outputs.keys()]);
  const request = { computeTaskKey: random.chance(97) ? task.key : someKey(scene, 'tasks'), identifier };
  return { mspid: mostly(scene, task.worker), procedure: 'ComputeTaskService/DisableOutput', request };
}

export function registerFailureReport(scene: Scene): Step | undefined {
  const { random } = scene;
  const isInternal = random.chance(30);
  const errorType = isInternal
    ? ErrorType.ERROR_TYPE_INTERNAL
    : random.pick([ErrorType.ERROR_TYPE_BUILD, ErrorType.ERROR_TYPE_EXECUTION]);
  const logsAddress = isInternal ? undefined : buildAddressable(random);
  const subject = random.chance(55) ? failingTask(scene) : failingFunction(scene);
  if (subject === undefined) return undefined;
  const assetType = random.chance(97) ? subject.assetType : FailedAssetKind.FAILED_ASSET_UNKNOWN;
  const request = buildNewFailureReport(random, { assetKey: subject.assetKey, assetType, errorType, logsAddress });
  return { mspid: mostly(scene, subject.by), procedure: 'FailureReportService/RegisterFailureReport', request };
}

interface Subject {
  readonly assetKey: string;
  readonly assetType: FailedAssetKind;
  readonly by: string;
}

function failingTask(scene: Scene): Subject | undefined {
  const task = prefer(scene.random, tasksOf(scene), ({ status }) => status === STATUS_EXECUTING);
  if (task === undefined) return undefined;
  return { assetKey: task.key, assetType: FailedAssetKind.FAILED_ASSET_COMPUTE_TASK, by: task.worker };
}

function failingFunction(scene: Scene): Subject | undefined {
  const functions = [...scene.channel.functions.values()];
  const fn = prefer(scene.random, functions, ({ status }) => status === FunctionStatus.FUNCTION_STATUS_BUILDING);
  if (fn === undefined) return undefined;
  return { assetKey: fn.key, assetType: FailedAssetKind.FAILED_ASSET_FUNCTION, by: fn.owner };
}

export function registerProfilingStep(scene: Scene): Step {
  const { random } = scene;
  const assetKey = someKey(scene, random.pick(['tasks', 'functions', 'plans']));
  const request = buildProfilingStep(random, { assetKey, duration: random.pick([1, 4_294_967_295]) });
  return { mspid: mostly(scene, undefined), procedure: 'ProfilingService/RegisterProfilingStep', request };
}

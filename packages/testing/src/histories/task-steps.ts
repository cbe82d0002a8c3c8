import {
  AssetKind,
  type ComputePlan,
  type ComputeTask,
  type ComputeTaskInput,
  ComputeTaskStatus,
  type FunctionInput,
  FunctionStatus,
  type NewComputeTask,
  type NewComputeTaskOutput,
  type OrchestratorFunction,
} from '@orchestrator/lib';
import { canProcess } from '../model/permissions.ts';
import { type Scene, type Step, mostly, newKey, prefer, someOwner } from './step.ts';
import { someMetadata, somePermissions } from './wishes.ts';

/** Where a model can come from: an output of a task, stored or new. */
interface Source {
  readonly parentTaskKey: string;
  readonly outputIdentifier: string;
  readonly multiple: boolean;
}

interface Batch {
  readonly scene: Scene;
  readonly plan: ComputePlan;
  readonly tasks: NewComputeTask[];
  /** Whether its tasks may take what cannot work. */
  readonly isCareless: boolean;
}

export function registerTasks(scene: Scene): Step | undefined {
  const { random, channel } = scene;
  const plan = prefer(random, [...channel.plans.values()].slice(-4), (each) => each.failureDate === undefined);
  const functions = [...channel.functions.values()];
  if (plan === undefined || functions.length === 0) return undefined;
  const batch: Batch = { scene, plan, tasks: [], isCareless: random.chance(15) };
  const size = random.pick([1, 1, 2, 3, 5, 8]);
  for (let count = 0; count < size; count += 1) {
    const candidates = functions.slice(-10).filter((fn) => batch.isCareless || isUsable(batch, fn));
    if (candidates.length > 0) batch.tasks.push(newTask(batch, random.pick(candidates)));
  }
  if (batch.tasks.length === 0) return undefined;
  const tasks = random.shuffle(random.chance(14) ? withFault(batch) : batch.tasks);
  return { mspid: mostly(scene, plan.owner), procedure: 'ComputeTaskService/RegisterTasks', request: { tasks } };
}

function isUsable(batch: Batch, fn: OrchestratorFunction): boolean {
  const { scene, plan } = batch;
  const isBroken =
    fn.status === FunctionStatus.FUNCTION_STATUS_FAILED || fn.status === FunctionStatus.FUNCTION_STATUS_CANCELED;
  const hasData = !fn.inputs.has('opener') || scene.channel.dataManagers.has(managerWithSamples(scene));
  const needsModel = [...fn.inputs.values()].some(({ kind, optional }) => kind === AssetKind.ASSET_MODEL && !optional);
  const hasModel = !needsModel || scene.channel.models.size > 0 || sourcesOf(batch).length > 0;
  return !isBroken && hasData && hasModel && canProcess(fn.permissions, plan.owner);
}

function newTask(batch: Batch, fn: OrchestratorFunction): NewComputeTask {
  const { scene, plan } = batch;
  const { random, channel } = scene;
  const inputs = [...fn.inputs].flatMap(([identifier, input]) => inputsOf(batch, { identifier, input }));
  const managed = fn.inputs.has('opener');
  const managerOwner = channel.dataManagers.get(managerOf(inputs))?.owner ?? '';
  const worker = managed ? random.pick(['', managerOwner]) : someWorker(batch);
  return {
    key: newKey(scene, 'tasks'),
    functionKey: fn.key,
    computePlanKey: plan.key,
    worker,
    metadata: someMetadata(random),
    inputs,
    outputs: new Map([...fn.outputs].map(([identifier, { kind }]) => [identifier, newOutput(scene, kind)])),
  };
}

function someWorker({ scene, isCareless }: Batch): string {
  const registered = [...scene.channel.organizations.keys()];
  return isCareless || registered.length === 0 ? someOwner(scene) : scene.random.pick(registered);
}

function managerOf(inputs: readonly ComputeTaskInput[]): string {
  const input = inputs.find(({ identifier }) => identifier === 'opener');
  return input?.ref?.$case === 'assetKey' ? input.ref.value : '';
}

function newOutput(scene: Scene, kind: AssetKind): NewComputeTaskOutput {
  const isPerformance = kind === AssetKind.ASSET_PERFORMANCE;
  if (isPerformance && scene.random.chance(98)) {
    return { permissions: { public: true, authorizedIds: [] }, transient: false };
  }
  const permissions = scene.random.chance(70) ? { public: true, authorizedIds: [] } : somePermissions(scene);
  return { permissions, transient: scene.random.chance(60) };
}

interface Declared {
  readonly identifier: string;
  readonly input: FunctionInput;
}

function direct(identifier: string, value: string): ComputeTaskInput {
  return { identifier, ref: { $case: 'assetKey', value } };
}

function inputsOf(batch: Batch, { identifier, input }: Declared): ComputeTaskInput[] {
  const { scene } = batch;
  if (input.kind === AssetKind.ASSET_DATA_MANAGER) return [direct(identifier, managerWithSamples(scene))];
  if (input.kind === AssetKind.ASSET_DATA_SAMPLE) return sampleInputs(scene, identifier);
  if (input.optional && scene.random.chance(35)) return [];
  const count = input.multiple ? 1 + scene.random.below(3) : 1;
  return Array.from({ length: count }, () => modelInput(batch, { identifier, input }));
}

/** All tasks of a history take the same manager for a while, so that their samples belong to it. */
function managerWithSamples({ random, channel }: Scene): string {
  const used = new Set([...channel.dataSamples.values()].flatMap((sample) => sample.dataManagerKeys));
  const fitting = [...channel.dataManagers.values()].filter(({ key }) => used.has(key));
  const open = fitting.findLast(({ permissions }) => permissions?.process?.public === true);
  return (open ?? fitting.at(-1))?.key ?? random.key();
}

function sampleInputs(scene: Scene, identifier: string): ComputeTaskInput[] {
  const { random, channel } = scene;
  const manager = managerWithSamples(scene);
  const fitting = [...channel.dataSamples.values()].filter((sample) => sample.dataManagerKeys.includes(manager));
  const keys = random.shuffle(fitting.map(({ key }) => key)).slice(0, 1 + random.below(3));
  if (random.chance(4)) keys.push(random.pick([random.key(), ...channel.dataSamples.keys()]));
  return keys.map((key) => direct(identifier, key));
}

function modelInput(batch: Batch, { identifier, input }: Declared): ComputeTaskInput {
  const { random, channel } = batch.scene;
  const models = [...channel.models.keys()];
  if (models.length > 0 && random.chance(15)) return direct(identifier, random.pick(models));
  const sources = sourcesOf(batch).filter(({ multiple }) => input.multiple || !multiple || random.chance(2));
  if (sources.length === 0) return direct(identifier, random.pick(models.length > 0 ? models : [random.key()]));
  const { parentTaskKey, outputIdentifier } = random.pick(sources);
  return { identifier, ref: { $case: 'parentTaskOutput', value: { parentTaskKey, outputIdentifier } } };
}

/** Outputs of the batch first of all, then those of the latest stored tasks. */
function sourcesOf({ scene, tasks }: Batch): Source[] {
  const stored = [...scene.channel.tasks.values()].filter((task) => isSound(task) || scene.random.chance(8)).slice(-12);
  const isNew = tasks.length > 0 && scene.random.chance(60);
  return (isNew ? tasks : stored).flatMap((task: NewComputeTask | ComputeTask) => {
    const outputs = [...(scene.channel.functions.get(task.functionKey)?.outputs ?? [])];
    const kept = outputs.filter(([, { kind }]) => kind === AssetKind.ASSET_MODEL || scene.random.chance(2));
    return kept.map(([outputIdentifier, { multiple }]) => ({ parentTaskKey: task.key, outputIdentifier, multiple }));
  });
}

function isSound({ status }: ComputeTask): boolean {
  return status !== ComputeTaskStatus.STATUS_FAILED && status !== ComputeTaskStatus.STATUS_CANCELED;
}

/** The batch with one thing wrong. */
function withFault(batch: Batch): NewComputeTask[] {
  const { scene, tasks } = batch;
  const { random, channel } = scene;
  const index = random.below(tasks.length);
  const victim = tasks[index];
  if (victim === undefined) return tasks;
  const outputs = new Map(victim.outputs);
  const [firstOutput = 'none'] = outputs.keys();
  const permissions = { public: true, authorizedIds: [] };
  const reference = (parentTaskKey: string): ComputeTaskInput => ({
    identifier: victim.inputs[0]?.identifier ?? 'model',
    ref: { $case: 'parentTaskOutput', value: { parentTaskKey, outputIdentifier: random.pick(['model', 'unknown']) } },
  });
  const faulty: NewComputeTask[] = [
    { ...victim, key: random.pick([tasks[0]?.key ?? victim.key, ...channel.tasks.keys()]) },
    { ...victim, inputs: [...victim.inputs, reference(random.pick(tasks).key)] },
    { ...victim, inputs: [...victim.inputs, reference(random.key())] },
    { ...victim, inputs: [reference(random.pick([...channel.tasks.keys(), victim.key])), ...victim.inputs.slice(1)] },
    { ...victim, inputs: victim.inputs.slice(1) },
    { ...victim, inputs: [...victim.inputs, ...victim.inputs.slice(0, 1)] },
    { ...victim, inputs: [...victim.inputs, direct('undeclared', random.key())] },
    { ...victim, inputs: [direct(victim.inputs[0]?.identifier ?? 'x', random.key()), ...victim.inputs.slice(1)] },
    { ...victim, outputs: new Map([...outputs].slice(1)) },
    { ...victim, outputs: outputs.set('undeclared', { permissions, transient: false }) },
    { ...victim, outputs: new Map(victim.outputs).set(firstOutput, { permissions, transient: true }) },
    {
      ...victim,
      outputs: new Map(victim.outputs).set(firstOutput, {
        permissions: { public: false, authorizedIds: ['nobody'] },
        transient: false,
      }),
    },
    { ...victim, worker: random.pick(['', 'nobody', ...scene.organizations]) },
    { ...victim, computePlanKey: random.pick([random.key(), ...channel.plans.keys()]) },
    { ...victim, functionKey: random.pick([random.key(), ...channel.functions.keys()]) },
  ];
  return tasks.with(index, random.pick(faulty));
}

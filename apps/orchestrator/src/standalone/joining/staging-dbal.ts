import type {
  ComputePlanDbal,
  ComputeTask,
  ComputeTaskDbal,
  DataSampleDbal,
  Dbal,
  ModelDbal,
  ReplayDbal,
} from '@orchestrator/lib';
import { Footprint, thing } from './footprint.ts';
import { RunsAlone } from './runs-alone.ts';
import { StagedWrites } from './staged-writes.ts';
import { supported } from './supported.ts';

/** A request that reads more at a time shares little with others, and would make them wait. */
const MAX_THINGS = 500;

/**
 * The store as one of several requests sees it that run side by side on the same state: it reads from that, remembers
 * what was read, and keeps what the request wants to write. What cannot be done so throws {@link RunsAlone}: the request
 * is then run by itself, behind the others.
 */
export class Staging {
  readonly footprint = new Footprint();
  readonly writes = new StagedWrites();
  readonly dbal: Dbal;
  readonly #base: Dbal;

  /** @param base whose state no other request changes meanwhile. */
  constructor(base: Dbal) {
    this.#base = base;
    this.dbal = {
      organization: supported('organization', { getRegisteredIds: (ids) => base.organization.getRegisteredIds(ids) }),
      function: supported('function', { getFunctions: (keys) => base.function.getFunctions(keys) }),
      dataManager: supported('dataManager', { getDataManagers: (keys) => base.dataManager.getDataManagers(keys) }),
      dataSample: supported('dataSample', this.#dataSample()),
      computePlan: supported('computePlan', this.#computePlan()),
      computeTask: supported('computeTask', { ...this.#computeTaskReads(), ...this.#computeTaskWrites() }),
      model: supported('model', this.#model()),
      // Whether there is one is read from the outputs of its task.
      performance: supported('performance', { addPerformance: (added) => void this.writes.performances.push(added) }),
      failureReport: supported('failureReport', {}),
      event: supported('event', { addEvents: (events) => void this.writes.events.push(...events) }),
      replay: supported('replay', this.#replay()),
    };
  }

  /** Own changes cannot be seen: who reads what it has changed needs the store itself. So does who reads much. */
  #read(things: readonly string[]): void {
    if (things.length > MAX_THINGS || this.footprint.hasChanged(things)) throw new RunsAlone();
    this.footprint.read(things);
  }

  #dataSample(): Partial<DataSampleDbal> {
    return {
      getDataSamples: async (keys) => {
        this.#read(keys.map(thing.asset));
        return this.#base.dataSample.getDataSamples(keys);
      },
      addDataSamples: (samples) => {
        this.footprint.change(samples.map(({ key }) => thing.asset(key)));
        this.writes.dataSamples.push(...samples);
      },
    };
  }

  #computePlan(): Partial<ComputePlanDbal> {
    return {
      getComputePlans: async (keys) => {
        this.#read(keys.map(thing.plan));
        return this.#base.computePlan.getComputePlans(keys);
      },
      updateComputePlans: (plans) => {
        this.footprint.change(plans.map(({ key }) => thing.plan(key)));
        this.writes.plans.push(...plans);
      },
    };
  }

  #computeTaskReads(): Partial<ComputeTaskDbal> {
    const { computeTask } = this.#base;
    return {
      getComputeTasks: async (keys) => {
        this.#read(keys.map(thing.task));
        return computeTask.getComputeTasks(keys);
      },
      getTaskReferences: async (query) => {
        const { assetKeys, computePlanKeys, taskKeys } = query;
        this.#read([...taskKeys.map(thing.task), ...computePlanKeys.map(thing.plan), ...assetKeys.map(thing.asset)]);
        return computeTask.getTaskReferences(query);
      },
      getOutputAssets: async (taskKeys) => {
        this.#read(taskKeys.map(thing.outputs));
        return computeTask.getOutputAssets(taskKeys);
      },
      getChildTasks: async (parentKey, statuses) => {
        this.#read([thing.children(parentKey)]);
        const children = await computeTask.getChildTasks(parentKey, statuses);
        // Whether they are ready depends on all their parents, which others may be about to change.
        if (children.length > 0) throw new RunsAlone();
        return children;
      },
    };
  }

  #computeTaskWrites(): Partial<ComputeTaskDbal> {
    return {
      addComputeTasks: (tasks) => {
        for (const { task, parentKeys } of tasks) this.#changeTask(task, parentKeys);
        this.writes.tasks.push(...tasks);
      },
      updateComputeTaskStatuses: (tasks) => {
        for (const task of tasks) this.#changeTask(task, parentsOf(task));
        this.writes.taskStatuses.push(...tasks);
      },
      addOutputAssets: (outputAssets) => {
        this.footprint.change(outputAssets.map(({ computeTaskKey }) => thing.outputs(computeTaskKey)));
        this.writes.outputAssets.push(...outputAssets);
      },
    };
  }

  #changeTask({ key }: ComputeTask, parentKeys: readonly string[]): void {
    this.footprint.change([thing.task(key), ...parentKeys.map(thing.children)]);
  }

  #model(): Partial<ModelDbal> {
    return {
      getModels: async (keys) => {
        this.#read(keys.map(thing.asset));
        return this.#base.model.getModels(keys);
      },
      addModels: (models) => {
        this.footprint.change(models.map(({ key }) => thing.asset(key)));
        this.writes.models.push(...models);
      },
    };
  }

  #replay(): ReplayDbal {
    return {
      getAnswer: async (mspid, key) => {
        this.#read([thing.replay(mspid, key)]);
        return this.#base.replay.getAnswer(mspid, key);
      },
      storeAnswer: (mspid, key, answer) => {
        this.footprint.change([thing.replay(mspid, key)]);
        this.writes.replays.push({ mspid, key, answer });
      },
    };
  }
}

function parentsOf({ inputs }: ComputeTask): readonly string[] {
  return inputs.flatMap(({ ref }) => (ref?.$case === 'parentTaskOutput' ? [ref.value.parentTaskKey] : []));
}

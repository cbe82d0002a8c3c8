import type {
  ComputePlan,
  ComputeTask,
  ComputeTaskOutputAsset,
  DataSample,
  Dbal,
  Event,
  Model,
  NewStoredTask,
  Performance,
  ReplayedAnswer,
} from '@orchestrator/lib';

/** The answer of a request, to be kept for its repetition. */
export interface StagedReplay {
  readonly mspid: string;
  readonly key: string;
  readonly answer: ReplayedAnswer;
}

/** What requests want to write, in their order. */
export class StagedWrites {
  readonly tasks: NewStoredTask[] = [];
  readonly taskStatuses: ComputeTask[] = [];
  readonly plans: ComputePlan[] = [];
  readonly dataSamples: DataSample[] = [];
  readonly models: Model[] = [];
  readonly outputAssets: ComputeTaskOutputAsset[] = [];
  readonly performances: Performance[] = [];
  readonly replays: StagedReplay[] = [];
  readonly events: Event[] = [];

  /** Puts what another one wants behind this one's. */
  add(other: StagedWrites): void {
    this.tasks.push(...other.tasks);
    this.taskStatuses.push(...other.taskStatuses);
    this.plans.push(...other.plans);
    this.dataSamples.push(...other.dataSamples);
    this.models.push(...other.models);
    this.outputAssets.push(...other.outputAssets);
    this.performances.push(...other.performances);
    this.replays.push(...other.replays);
    this.events.push(...other.events);
  }

  /** Writes all of it, a statement for each kind. */
  writeTo(dbal: Dbal): void {
    dbal.computeTask.addComputeTasks(this.tasks);
    dbal.computeTask.updateComputeTaskStatuses(this.taskStatuses);
    dbal.computePlan.updateComputePlans(this.plans);
    dbal.dataSample.addDataSamples(this.dataSamples);
    dbal.model.addModels(this.models);
    dbal.computeTask.addOutputAssets(this.outputAssets);
    for (const performance of this.performances) dbal.performance.addPerformance(performance);
    for (const { mspid, key, answer } of this.replays) dbal.replay.storeAnswer(mspid, key, answer);
    dbal.event.addEvents(this.events);
  }
}

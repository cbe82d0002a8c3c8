import type {
  ComputePlan,
  ComputeTask,
  ComputeTaskOutputAsset,
  DataManager,
  DataSample,
  Event,
  FailureReport,
  Instant,
  Model,
  OrchestratorFunction,
  Organization,
  Performance,
  ReplayedAnswer,
  Stored,
} from '@orchestrator/lib';
import { Log, type Row, Table } from './table.ts';

export interface TaskRow extends Row<ComputeTask> {
  readonly parentKeys: readonly string[];
}

export interface LoggedEvent {
  readonly instant: Instant;
  readonly stored: Stored<Event>;
}

/** All that one channel holds. */
export interface ChannelState {
  readonly organizations: Table<Row<Organization>>;
  readonly functions: Table<Row<OrchestratorFunction>>;
  readonly dataManagers: Table<Row<DataManager>>;
  readonly dataSamples: Table<Row<DataSample>>;
  readonly computePlans: Table<Row<ComputePlan>>;
  readonly computeTasks: Table<TaskRow>;
  readonly outputAssets: Log<ComputeTaskOutputAsset>;
  readonly models: Table<Row<Model>>;
  readonly performances: Table<Row<Performance>>;
  readonly failureReports: Table<Row<FailureReport>>;
  /** An event's position is its index. */
  readonly events: Log<LoggedEvent>;
  readonly replays: Log<readonly [id: string, answer: ReplayedAnswer]>;
}

export function createChannelState(): ChannelState {
  return {
    organizations: new Table(),
    functions: new Table(),
    dataManagers: new Table(),
    dataSamples: new Table(),
    computePlans: new Table(),
    computeTasks: new Table(),
    outputAssets: new Log(),
    models: new Table(),
    performances: new Table(),
    failureReports: new Table(),
    events: new Log(),
    replays: new Log(),
  };
}

/** A state to work on; the original does not change with it. */
export function forkChannelState(state: ChannelState): ChannelState {
  return {
    organizations: state.organizations.fork(),
    functions: state.functions.fork(),
    dataManagers: state.dataManagers.fork(),
    dataSamples: state.dataSamples.fork(),
    computePlans: state.computePlans.fork(),
    computeTasks: state.computeTasks.fork(),
    outputAssets: state.outputAssets.fork(),
    models: state.models.fork(),
    performances: state.performances.fork(),
    failureReports: state.failureReports.fork(),
    events: state.events.fork(),
    replays: state.replays.fork(),
  };
}

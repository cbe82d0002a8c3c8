import { ErrorCode, type Timestamp } from '@orchestrator/lib';
import * as data from './data.ts';
import * as events from './events.ts';
import * as functions from './functions.ts';
import * as organizations from './organizations.ts';
import * as outputs from './outputs.ts';
import * as plans from './plans.ts';
import { type ChannelModel, Refusal, type Turn, copyChannelModel, createChannelModel } from './state.ts';
import * as actions from './task-actions.ts';
import { registerTasks } from './task-registration.ts';

/** What a procedure does to a channel; it refuses by throwing a `Refusal`. */
type ModelProcedure = (turn: Turn, request: never) => object;

/** Every unary procedure, by `<service>/<method>`. */
const PROCEDURES: Readonly<Record<string, ModelProcedure>> = {
  'OrganizationService/RegisterOrganization': organizations.registerOrganization,
  'OrganizationService/GetAllOrganizations': organizations.getAllOrganizations,
  'FunctionService/RegisterFunction': functions.registerFunction,
  'FunctionService/GetFunction': functions.getFunction,
  'FunctionService/QueryFunctions': functions.queryFunctions,
  'FunctionService/UpdateFunction': functions.updateFunction,
  'FunctionService/ApplyFunctionAction': functions.applyFunctionAction,
  'DataManagerService/RegisterDataManager': data.registerDataManager,
  'DataManagerService/GetDataManager': data.getDataManager,
  'DataManagerService/QueryDataManagers': data.queryDataManagers,
  'DataManagerService/UpdateDataManager': data.updateDataManager,
  'DataSampleService/RegisterDataSamples': data.registerDataSamples,
  'DataSampleService/UpdateDataSamples': data.updateDataSamples,
  'DataSampleService/QueryDataSamples': data.queryDataSamples,
  'DataSampleService/GetDataSample': data.getDataSample,
  'DatasetService/GetDataset': data.getDataset,
  'ComputePlanService/RegisterPlan': plans.registerPlan,
  'ComputePlanService/GetPlan': plans.getPlan,
  'ComputePlanService/ApplyPlanAction': plans.applyPlanAction,
  'ComputePlanService/QueryPlans': plans.queryPlans,
  'ComputePlanService/UpdatePlan': plans.updatePlan,
  'ComputePlanService/IsPlanRunning': plans.isPlanRunning,
  'ComputeTaskService/RegisterTasks': registerTasks,
  'ComputeTaskService/QueryTasks': actions.queryTasks,
  'ComputeTaskService/GetTask': actions.getTask,
  'ComputeTaskService/ApplyTaskAction': actions.applyTaskAction,
  'ComputeTaskService/GetTaskInputAssets': actions.getTaskInputAssets,
  'ComputeTaskService/DisableOutput': actions.disableOutput,
  'ModelService/RegisterModel': outputs.registerModel,
  'ModelService/RegisterModels': outputs.registerModels,
  'ModelService/GetModel': outputs.getModel,
  'ModelService/GetComputeTaskOutputModels': outputs.getComputeTaskOutputModels,
  'PerformanceService/RegisterPerformance': outputs.registerPerformance,
  'PerformanceService/QueryPerformances': outputs.queryPerformances,
  'FailureReportService/RegisterFailureReport': outputs.registerFailureReport,
  'FailureReportService/GetFailureReport': outputs.getFailureReport,
  'ProfilingService/RegisterProfilingStep': outputs.registerProfilingStep,
  'EventService/QueryEvents': events.queryEvents,
  'InfoService/QueryVersion': () => ({ orchestrator: 'some version' }),
};

/** The names of the procedures that the model knows. */
export const MODELED_PROCEDURES: readonly string[] = Object.keys(PROCEDURES);

/** One call of the API, decoded. */
export interface ModelCall {
  readonly channel: string;
  readonly mspid: string;
  /** `<service>/<method>`. */
  readonly procedure: string;
  readonly request: object;
  /** The instant of the request; its tick without. */
  readonly now?: Timestamp | undefined;
}

/** What the API has to answer. */
export type ModelOutcome = { readonly answer: object } | { readonly refusal: Refusal };

/**
 * What every procedure has to do, written down a second time from behaviour.md. Instants are ticks: the seconds of
 * a timestamp count the requests of its channel that were answered, unless a call brings its own. Event ids and page tokens are names of its own.
 */
export class ApiModel {
  readonly #channels = new Map<string, ChannelModel>();

  /** Another model that goes on from what this one knows; neither sees what the other is told afterwards. */
  fork(): ApiModel {
    const fork = new ApiModel();
    for (const [name, channel] of this.#channels) fork.#channels.set(name, channel);
    return fork;
  }

  channel(name: string): ChannelModel {
    return this.#channels.get(name) ?? createChannelModel();
  }

  call(call: ModelCall): ModelOutcome {
    const procedure = PROCEDURES[call.procedure];
    if (procedure === undefined) throw new Error(`the model knows no procedure ${call.procedure}`);
    const channel = copyChannelModel(this.channel(call.channel));
    channel.ticks += 1;
    const now = call.now ?? { seconds: BigInt(channel.ticks), nanos: 0 };
    try {
      const turn = { name: call.channel, channel, caller: call.mspid, now };
      const answer = procedure(turn, call.request as never);
      this.#channels.set(call.channel, channel);
      return { answer };
    } catch (error) {
      if (error instanceof Refusal && error.code !== ErrorCode.Internal) return { refusal: error };
      throw error;
    }
  }
}

import type * as m from '@orchestrator/lib';

/** Request and response of each procedure with one answer. The table of the lib has them without their types. */
export interface Methods {
  RegisterOrganization: [m.RegisterOrganizationParam, m.Organization];
  GetAllOrganizations: [m.GetAllOrganizationsParam, m.GetAllOrganizationsResponse];
  RegisterFunction: [m.NewFunction, m.OrchestratorFunction];
  GetFunction: [m.GetFunctionParam, m.OrchestratorFunction];
  QueryFunctions: [m.QueryFunctionsParam, m.QueryFunctionsResponse];
  UpdateFunction: [m.UpdateFunctionParam, m.UpdateFunctionResponse];
  ApplyFunctionAction: [m.ApplyFunctionActionParam, m.ApplyFunctionActionResponse];
  RegisterDataManager: [m.NewDataManager, m.DataManager];
  GetDataManager: [m.GetDataManagerParam, m.DataManager];
  QueryDataManagers: [m.QueryDataManagersParam, m.QueryDataManagersResponse];
  UpdateDataManager: [m.UpdateDataManagerParam, m.UpdateDataManagerResponse];
  RegisterDataSamples: [m.RegisterDataSamplesParam, m.RegisterDataSamplesResponse];
  UpdateDataSamples: [m.UpdateDataSamplesParam, m.UpdateDataSamplesResponse];
  QueryDataSamples: [m.QueryDataSamplesParam, m.QueryDataSamplesResponse];
  GetDataSample: [m.GetDataSampleParam, m.DataSample];
  GetDataset: [m.GetDatasetParam, m.Dataset];
  RegisterPlan: [m.NewComputePlan, m.ComputePlan];
  GetPlan: [m.GetComputePlanParam, m.ComputePlan];
  ApplyPlanAction: [m.ApplyPlanActionParam, m.ApplyPlanActionResponse];
  QueryPlans: [m.QueryPlansParam, m.QueryPlansResponse];
  UpdatePlan: [m.UpdateComputePlanParam, m.UpdateComputePlanResponse];
  IsPlanRunning: [m.IsPlanRunningParam, m.IsPlanRunningResponse];
  RegisterTasks: [m.RegisterTasksParam, m.RegisterTasksResponse];
  QueryTasks: [m.QueryTasksParam, m.QueryTasksResponse];
  GetTask: [m.GetTaskParam, m.ComputeTask];
  ApplyTaskAction: [m.ApplyTaskActionParam, m.ApplyTaskActionResponse];
  GetTaskInputAssets: [m.GetTaskInputAssetsParam, m.GetTaskInputAssetsResponse];
  DisableOutput: [m.DisableOutputParam, m.DisableOutputResponse];
  RegisterModel: [m.NewModel, m.Model];
  RegisterModels: [m.RegisterModelsParam, m.RegisterModelsResponse];
  GetModel: [m.GetModelParam, m.Model];
  GetComputeTaskOutputModels: [m.GetComputeTaskModelsParam, m.GetComputeTaskModelsResponse];
  RegisterPerformance: [m.NewPerformance, m.Performance];
  QueryPerformances: [m.QueryPerformancesParam, m.QueryPerformancesResponse];
  RegisterFailureReport: [m.NewFailureReport, m.FailureReport];
  GetFailureReport: [m.GetFailureReportParam, m.FailureReport];
  RegisterProfilingStep: [m.ProfilingStep, m.Empty];
  QueryEvents: [m.QueryEventsParam, m.QueryEventsResponse];
  QueryVersion: [m.QueryVersionParam, m.QueryVersionResponse];
}

export type Method = keyof Methods;

/** A message of which fields may be left out. */
export type Loose<T> = T extends string | number | boolean | bigint | Uint8Array | undefined
  ? T
  : T extends Map<infer K, infer V>
    ? ReadonlyMap<K, Loose<V>>
    : T extends readonly (infer U)[]
      ? readonly Loose<U>[]
      : T extends { $case: string }
        ? T
        : { readonly [K in keyof T]?: Loose<T[K]> | undefined };

export type RequestOf<M extends Method> = Loose<Methods[M][0]>;
export type ResponseOf<M extends Method> = Methods[M][1];

// The generated messages, under one roof. `Function` would hide the language's own type.
export { Empty } from './gen/google/protobuf/empty.ts';
export { Timestamp } from './gen/google/protobuf/timestamp.ts';
export { Addressable, AssetKind, NewPermissions, Permission, Permissions, SortOrder } from './gen/orchestrator/common.ts';
export { ApplyPlanActionParam, ApplyPlanActionResponse, ComputePlan, ComputePlanAction, GetComputePlanParam, IsPlanRunningParam, IsPlanRunningResponse, NewComputePlan, PlanQueryFilter, QueryPlansParam, QueryPlansResponse, UpdateComputePlanParam, UpdateComputePlanResponse } from './gen/orchestrator/computeplan.ts';
export { ApplyTaskActionParam, ApplyTaskActionResponse, ComputeTask, ComputeTaskAction, ComputeTaskInput, ComputeTaskInputAsset, ComputeTaskOutput, ComputeTaskOutputAsset, ComputeTaskStatus, DisableOutputParam, DisableOutputResponse, GetTaskInputAssetsParam, GetTaskInputAssetsResponse, GetTaskParam, NewComputeTask, NewComputeTaskOutput, ParentTaskOutputRef, QueryTasksParam, QueryTasksResponse, RegisterTasksParam, RegisterTasksResponse, TaskQueryFilter } from './gen/orchestrator/computetask.ts';
export { DataManager, GetDataManagerParam, NewDataManager, QueryDataManagersParam, QueryDataManagersResponse, UpdateDataManagerParam, UpdateDataManagerResponse } from './gen/orchestrator/datamanager.ts';
export { DataSample, DataSampleQueryFilter, GetDataSampleParam, NewDataSample, QueryDataSamplesParam, QueryDataSamplesResponse, RegisterDataSamplesParam, RegisterDataSamplesResponse, UpdateDataSamplesParam, UpdateDataSamplesResponse } from './gen/orchestrator/datasample.ts';
export { Dataset, GetDatasetParam } from './gen/orchestrator/dataset.ts';
export { Event, EventKind, EventQueryFilter, QueryEventsParam, QueryEventsResponse, SubscribeToEventsParam } from './gen/orchestrator/event.ts';
export { ErrorType, FailedAssetKind, FailureReport, GetFailureReportParam, NewFailureReport } from './gen/orchestrator/failure_report.ts';
export { QueryVersionParam, QueryVersionResponse } from './gen/orchestrator/info.ts';
export { GetComputeTaskModelsParam, GetComputeTaskModelsResponse, GetModelParam, Model, NewModel, RegisterModelsParam, RegisterModelsResponse } from './gen/orchestrator/model.ts';
export { GetAllOrganizationsParam, GetAllOrganizationsResponse, Organization, RegisterOrganizationParam } from './gen/orchestrator/organization.ts';
export { NewPerformance, Performance, PerformanceQueryFilter, QueryPerformancesParam, QueryPerformancesResponse } from './gen/orchestrator/performance.ts';
export { ProfilingStep } from './gen/orchestrator/profiling.ts';
export { FunctionMessage as OrchestratorFunction, ApplyFunctionActionParam, ApplyFunctionActionResponse, FunctionAction, FunctionInput, FunctionOutput, FunctionQueryFilter, FunctionStatus, GetFunctionParam, NewFunction, QueryFunctionsParam, QueryFunctionsResponse, UpdateFunctionParam, UpdateFunctionResponse } from './gen/orchestrator/function.ts';

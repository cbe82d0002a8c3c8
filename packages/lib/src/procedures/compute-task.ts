import {
  ApplyTaskActionParam,
  ApplyTaskActionResponse,
  ComputeTask,
  DisableOutputParam,
  DisableOutputResponse,
  GetTaskInputAssetsParam,
  GetTaskInputAssetsResponse,
  GetTaskParam,
  QueryTasksParam,
  QueryTasksResponse,
  RegisterTasksParam,
  RegisterTasksResponse,
} from '../gen/orchestrator/computetask.ts';
import { validateDisableOutput, validateRegisterTasks, validateTaskAction } from '../assets/compute-task.ts';
import { defineService, read, snapshot, write } from './procedure.ts';

export const computeTaskProcedures = defineService('ComputeTaskService', {
  RegisterTasks: write(RegisterTasksParam, RegisterTasksResponse, validateRegisterTasks, (s, param) =>
    s.computeTask.registerTasks(param.tasks),
  ),
  QueryTasks: read(QueryTasksParam, QueryTasksResponse, (s, param) => s.computeTask.queryTasks(param)),
  GetTask: read(GetTaskParam, ComputeTask, (s, param) => s.computeTask.getTask(param.key)),
  ApplyTaskAction: write(ApplyTaskActionParam, ApplyTaskActionResponse, validateTaskAction, (s, param) =>
    s.computeTask.applyTaskAction(param),
  ),
  GetTaskInputAssets: snapshot(GetTaskInputAssetsParam, GetTaskInputAssetsResponse, (s, param) =>
    s.computeTask.getTaskInputAssets(param.computeTaskKey),
  ),
  DisableOutput: write(DisableOutputParam, DisableOutputResponse, validateDisableOutput, (s, param) =>
    s.computeTask.disableOutput(param),
  ),
});

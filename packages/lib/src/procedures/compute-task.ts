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
import { validateQueryTasks, validateRegisterTasks } from '../assets/compute-task.ts';
import { acceptAll, defineService, read, snapshot, write } from './procedure.ts';

export const computeTaskProcedures = defineService('ComputeTaskService', {
  RegisterTasks: write(RegisterTasksParam, RegisterTasksResponse, validateRegisterTasks, (s, param) =>
    s.computeTask.registerTasks(param.tasks),
  ),
  QueryTasks: read(
    QueryTasksParam,
    QueryTasksResponse,
    (s, param) => s.computeTask.queryTasks(param),
    validateQueryTasks,
  ),
  GetTask: read(GetTaskParam, ComputeTask, (s, param) => s.computeTask.getTask(param.key)),
  ApplyTaskAction: write(ApplyTaskActionParam, ApplyTaskActionResponse, acceptAll, (s, param) =>
    s.computeTask.applyTaskAction(param),
  ),
  GetTaskInputAssets: snapshot(GetTaskInputAssetsParam, GetTaskInputAssetsResponse, (s, param) =>
    s.computeTask.getTaskInputAssets(param.computeTaskKey),
  ),
  DisableOutput: write(DisableOutputParam, DisableOutputResponse, acceptAll, (s, param) =>
    s.computeTask.disableOutput(param),
  ),
});

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
import { acceptAll, defineService, read, snapshot, touching, write } from './procedure.ts';

export const computeTaskProcedures = defineService('ComputeTaskService', {
  RegisterTasks: touching(
    write(RegisterTasksParam, RegisterTasksResponse, validateRegisterTasks, (s, param) =>
      s.computeTask.registerTasks(param.tasks),
    ),
    ({ tasks }) => tasks.map(({ key, computePlanKey }) => ({ task: key, plan: computePlanKey })),
  ),
  QueryTasks: read(
    QueryTasksParam,
    QueryTasksResponse,
    (s, param) => s.computeTask.queryTasks(param),
    validateQueryTasks,
  ),
  GetTask: read(GetTaskParam, ComputeTask, (s, param) => s.computeTask.getTask(param.key)),
  ApplyTaskAction: touching(
    write(ApplyTaskActionParam, ApplyTaskActionResponse, acceptAll, (s, param) => s.computeTask.applyTaskAction(param)),
    ({ computeTaskKey }) => [{ task: computeTaskKey }],
  ),
  GetTaskInputAssets: snapshot(GetTaskInputAssetsParam, GetTaskInputAssetsResponse, (s, param) =>
    s.computeTask.getTaskInputAssets(param.computeTaskKey),
  ),
  DisableOutput: touching(
    write(DisableOutputParam, DisableOutputResponse, acceptAll, (s, param) => s.computeTask.disableOutput(param)),
    ({ computeTaskKey }) => [{ task: computeTaskKey }],
  ),
});

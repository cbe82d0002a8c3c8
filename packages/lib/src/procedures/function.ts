import {
  ApplyFunctionActionParam,
  ApplyFunctionActionResponse,
  FunctionMessage as OrchestratorFunction,
  GetFunctionParam,
  NewFunction,
  QueryFunctionsParam,
  QueryFunctionsResponse,
  UpdateFunctionParam,
  UpdateFunctionResponse,
} from '../gen/orchestrator/function.ts';
import { validateFunctionAction, validateNewFunction } from '../assets/function.ts';
import { validateRename } from '../assets/rename.ts';
import { defineService, read, touching, write } from './procedure.ts';

export const functionProcedures = defineService('FunctionService', {
  RegisterFunction: write(NewFunction, OrchestratorFunction, validateNewFunction, (s, param) =>
    s.function.registerFunction(param),
  ),
  GetFunction: read(GetFunctionParam, OrchestratorFunction, (s, param) => s.function.getFunction(param.key)),
  QueryFunctions: read(QueryFunctionsParam, QueryFunctionsResponse, (s, param) => s.function.queryFunctions(param)),
  UpdateFunction: touching(
    write(UpdateFunctionParam, UpdateFunctionResponse, validateRename, (s, param) => s.function.updateFunction(param)),
    ({ key }) => [{ asset: key }],
  ),
  ApplyFunctionAction: touching(
    write(ApplyFunctionActionParam, ApplyFunctionActionResponse, validateFunctionAction, (s, param) =>
      s.function.applyFunctionAction(param),
    ),
    ({ functionKey }) => [{ asset: functionKey }],
  ),
});

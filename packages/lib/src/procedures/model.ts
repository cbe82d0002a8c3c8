import {
  GetComputeTaskModelsParam,
  GetComputeTaskModelsResponse,
  GetModelParam,
  Model,
  NewModel,
  RegisterModelsParam,
  RegisterModelsResponse,
} from '../gen/orchestrator/model.ts';
import { validateNewModel, validateRegisterModels } from '../assets/model.ts';
import { defineService, read, touching, write } from './procedure.ts';

export const modelProcedures = defineService('ModelService', {
  RegisterModel: touching(
    write(NewModel, Model, validateNewModel, (s, param) => s.model.registerModel(param)),
    ({ computeTaskKey }) => [{ task: computeTaskKey }],
  ),
  RegisterModels: touching(
    write(RegisterModelsParam, RegisterModelsResponse, validateRegisterModels, (s, param) =>
      s.model.registerModels(param.models),
    ),
    ({ models }) => models.map(({ computeTaskKey }) => ({ task: computeTaskKey })),
  ),
  GetModel: read(GetModelParam, Model, (s, param) => s.model.getModel(param.key)),
  GetComputeTaskOutputModels: read(GetComputeTaskModelsParam, GetComputeTaskModelsResponse, (s, param) =>
    s.model.getComputeTaskOutputModels(param.computeTaskKey),
  ),
});

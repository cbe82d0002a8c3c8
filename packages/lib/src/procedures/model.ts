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
import { defineService, read, write } from './procedure.ts';

export const modelProcedures = defineService('ModelService', {
  RegisterModel: write(NewModel, Model, validateNewModel, (s, param) => s.model.registerModel(param)),
  RegisterModels: write(RegisterModelsParam, RegisterModelsResponse, validateRegisterModels, (s, param) =>
    s.model.registerModels(param.models),
  ),
  GetModel: read(GetModelParam, Model, (s, param) => s.model.getModel(param.key)),
  GetComputeTaskOutputModels: read(GetComputeTaskModelsParam, GetComputeTaskModelsResponse, (s, param) =>
    s.model.getComputeTaskOutputModels(param.computeTaskKey),
  ),
});

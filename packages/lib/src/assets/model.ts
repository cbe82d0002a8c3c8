import { badRequest } from '../errors/orchestration-error.ts';
import type { NewModel, RegisterModelsParam } from '../gen/orchestrator/model.ts';
import { checkAddressable, checkKey, checkNotEmpty } from './checks.ts';
import { Problems } from './problems.ts';

/** @throws OrchestrationError OE0003 for an empty batch, OE0101 */
export function validateRegisterModels(param: RegisterModelsParam): void {
  if (param.models.length === 0) throw badRequest('no model to register');
  const problems = new Problems();
  for (const [index, model] of param.models.entries()) checkModel(problems, `models[${index}].`, model);
  problems.throwIfAny();
}

/** @throws OrchestrationError OE0101 */
export function validateNewModel(model: NewModel): void {
  const problems = new Problems();
  checkModel(problems, '', model);
  problems.throwIfAny();
}

function checkModel(problems: Problems, prefix: string, model: NewModel): void {
  checkKey(problems, `${prefix}key`, model.key);
  checkKey(problems, `${prefix}compute_task_key`, model.computeTaskKey);
  checkNotEmpty(problems, `${prefix}compute_task_output_identifier`, model.computeTaskOutputIdentifier);
  checkAddressable(problems, `${prefix}address`, model.address);
}

import { badRequest } from '../errors/orchestration-error.ts';
import { AssetKind } from '../gen/orchestrator/common.ts';
import {
  type ApplyFunctionActionParam,
  FunctionAction,
  type FunctionInput,
  type NewFunction,
} from '../gen/orchestrator/function.ts';
import { checkAddressable, checkKey, checkMetadata, checkName, checkOneOf, checkPermissions } from './checks.ts';
import { Problems } from './problems.ts';

const INPUT_KINDS = {
  ASSET_MODEL: AssetKind.ASSET_MODEL,
  ASSET_DATA_SAMPLE: AssetKind.ASSET_DATA_SAMPLE,
  ASSET_DATA_MANAGER: AssetKind.ASSET_DATA_MANAGER,
} as const;

const OUTPUT_KINDS = {
  ASSET_MODEL: AssetKind.ASSET_MODEL,
  ASSET_PERFORMANCE: AssetKind.ASSET_PERFORMANCE,
} as const;

const APPLICABLE_ACTIONS: readonly number[] = [
  FunctionAction.FUNCTION_ACTION_BUILDING,
  FunctionAction.FUNCTION_ACTION_FAILED,
  FunctionAction.FUNCTION_ACTION_CANCELED,
  FunctionAction.FUNCTION_ACTION_READY,
];

/** @throws OrchestrationError OE0101 */
export function validateNewFunction(fn: NewFunction): void {
  const problems = new Problems();
  checkKey(problems, 'key', fn.key);
  checkName(problems, 'name', fn.name);
  checkAddressable(problems, 'description', fn.description);
  checkAddressable(problems, 'archive', fn.archive);
  checkPermissions(problems, 'new_permissions', fn.newPermissions);
  checkMetadata(problems, 'metadata', fn.metadata);
  checkInputs(problems, fn.inputs);
  for (const [identifier, output] of fn.outputs) {
    const field = `outputs["${identifier}"]`;
    checkName(problems, field, identifier);
    checkOneOf(problems, `${field}.kind`, output.kind, OUTPUT_KINDS);
    if (output.kind === AssetKind.ASSET_PERFORMANCE && output.multiple) {
      problems.add(`${field}.multiple`, 'a performance output holds one performance');
    }
  }
  problems.throwIfAny();
}

function checkInputs(problems: Problems, inputs: ReadonlyMap<string, FunctionInput>): void {
  const counts = new Map<AssetKind, number>();
  for (const [identifier, input] of inputs) {
    const field = `inputs["${identifier}"]`;
    checkName(problems, field, identifier);
    checkOneOf(problems, `${field}.kind`, input.kind, INPUT_KINDS);
    counts.set(input.kind, (counts.get(input.kind) ?? 0) + 1);
    if (input.kind === AssetKind.ASSET_DATA_MANAGER && (input.multiple || input.optional)) {
      problems.add(field, 'a data manager input is neither multiple nor optional');
    }
  }
  const dataManagers = counts.get(AssetKind.ASSET_DATA_MANAGER) ?? 0;
  const dataSamples = counts.get(AssetKind.ASSET_DATA_SAMPLE) ?? 0;
  if (dataManagers > 1) problems.add('inputs', 'at most one may be a data manager');
  if (dataManagers > 0 !== dataSamples > 0) {
    problems.add('inputs', 'a data manager requires data samples, and the reverse');
  }
}

/** @throws OrchestrationError OE0003 for an action that no client may ask for. */
export function validateFunctionAction(param: ApplyFunctionActionParam): void {
  if (!APPLICABLE_ACTIONS.includes(param.action)) {
    throw badRequest('the function action must be BUILDING, READY, FAILED or CANCELED');
  }
}

import { inappropriateTransition } from '../errors/orchestration-error.ts';
import { FunctionAction, FunctionStatus } from '../gen/orchestrator/function.ts';
import { enumName } from './enum-name.ts';

interface FunctionTransition {
  readonly name: string;
  readonly from: readonly FunctionStatus[];
  readonly to: FunctionStatus;
}

const { FUNCTION_STATUS_WAITING, FUNCTION_STATUS_BUILDING, FUNCTION_STATUS_READY } = FunctionStatus;
const { FUNCTION_STATUS_FAILED, FUNCTION_STATUS_CANCELED } = FunctionStatus;

/** Which status each action leads to, and from where. */
export const functionTransitions: Readonly<Partial<Record<FunctionAction, FunctionTransition>>> = {
  [FunctionAction.FUNCTION_ACTION_BUILDING]: {
    name: 'transitionBuilding',
    from: [FUNCTION_STATUS_WAITING],
    to: FUNCTION_STATUS_BUILDING,
  },
  [FunctionAction.FUNCTION_ACTION_READY]: {
    name: 'transitionReady',
    from: [FUNCTION_STATUS_BUILDING],
    to: FUNCTION_STATUS_READY,
  },
  [FunctionAction.FUNCTION_ACTION_FAILED]: {
    name: 'transitionFailed',
    from: [FUNCTION_STATUS_BUILDING],
    to: FUNCTION_STATUS_FAILED,
  },
  [FunctionAction.FUNCTION_ACTION_CANCELED]: {
    name: 'transitionCanceled',
    from: [FUNCTION_STATUS_WAITING, FUNCTION_STATUS_BUILDING],
    to: FUNCTION_STATUS_CANCELED,
  },
};

/**
 * The status that follows.
 *
 * @throws OrchestrationError OE0104 when the action has no transition from `status`.
 */
export function nextFunctionStatus(status: FunctionStatus, action: FunctionAction): FunctionStatus {
  const transition = functionTransitions[action];
  if (transition === undefined) throw new Error(`no transition for function action ${action}`);
  if (transition.from.includes(status)) return transition.to;
  throw inappropriateTransition(transition.name, enumName(FunctionStatus, status));
}

import {
  type ApplyFunctionActionParam,
  ErrorCode,
  FunctionAction,
  FunctionStatus,
  type GetFunctionParam,
  type NewFunction,
  type OrchestratorFunction,
  type QueryFunctionsParam,
  type QueryFunctionsResponse,
  type UpdateFunctionParam,
} from '@orchestrator/lib';
import { emitCreated, emitMoved, emitUpdated } from './emit.ts';
import { pageOf } from './pages.ts';
import { makePermissions } from './permissions.ts';
import { moveTasksOfFunction } from './propagation.ts';
import { Refusal, type Turn, byKey, demand, found } from './state.ts';
import { validateFunction, validateKeyAndName } from './validation.ts';

const { FUNCTION_STATUS_WAITING, FUNCTION_STATUS_BUILDING, FUNCTION_STATUS_READY } = FunctionStatus;

interface Move {
  readonly name: string;
  readonly from: readonly FunctionStatus[];
  readonly to: FunctionStatus;
}

const MOVES: ReadonlyMap<number, Move> = new Map<number, Move>([
  [
    FunctionAction.FUNCTION_ACTION_BUILDING,
    { name: 'transitionBuilding', from: [FUNCTION_STATUS_WAITING], to: FUNCTION_STATUS_BUILDING },
  ],
  [
    FunctionAction.FUNCTION_ACTION_READY,
    { name: 'transitionReady', from: [FUNCTION_STATUS_BUILDING], to: FUNCTION_STATUS_READY },
  ],
  [
    FunctionAction.FUNCTION_ACTION_FAILED,
    { name: 'transitionFailed', from: [FUNCTION_STATUS_BUILDING], to: FunctionStatus.FUNCTION_STATUS_FAILED },
  ],
  [
    FunctionAction.FUNCTION_ACTION_CANCELED,
    {
      name: 'transitionCanceled',
      from: [FUNCTION_STATUS_WAITING, FUNCTION_STATUS_BUILDING],
      to: FunctionStatus.FUNCTION_STATUS_CANCELED,
    },
  ],
]);

export function registerFunction(turn: Turn, param: NewFunction): OrchestratorFunction {
  validateFunction(param);
  const { functions } = turn.channel;
  demand(!functions.has(param.key), ErrorCode.Conflict);
  const { newPermissions, ...fields } = param;
  const fn = {
    ...fields,
    permissions: makePermissions(turn, newPermissions),
    owner: turn.caller,
    creationDate: turn.now,
    status: FUNCTION_STATUS_WAITING,
    image: { checksum: '', storageAddress: '' },
  };
  functions.set(fn.key, fn);
  emitCreated(turn, { $case: 'function', value: fn });
  return fn;
}

export function getFunction(turn: Turn, { key }: GetFunctionParam): OrchestratorFunction {
  return found(turn.channel.functions.get(key), ErrorCode.NotFound);
}

export function queryFunctions(turn: Turn, param: QueryFunctionsParam): QueryFunctionsResponse {
  const plan = param.filter?.computePlanKey ?? '';
  const tasks = [...turn.channel.tasks.values()].filter((task) => task.computePlanKey === plan);
  const used = new Set(tasks.map((task) => task.functionKey));
  const all = byKey(turn.channel.functions.values());
  const keep = (fn: OrchestratorFunction) => plan === '' || used.has(fn.key);
  const { items, nextPageToken } = pageOf({ param, all, keep, nameOf: (fn) => fn.key });
  return { Functions: items, nextPageToken };
}

export function updateFunction(turn: Turn, param: UpdateFunctionParam): object {
  validateKeyAndName(param);
  const before = getFunction(turn, param);
  demand(before.owner === turn.caller, ErrorCode.PermissionDenied);
  const hasImage = param.image !== undefined && param.image.checksum !== '';
  const fn = { ...before, name: param.name, image: hasImage ? param.image : before.image };
  const isReady = fn.status === FUNCTION_STATUS_READY;
  demand(!isReady || (fn.image?.checksum ?? '') !== '', ErrorCode.InvalidAsset);
  turn.channel.functions.set(fn.key, fn);
  emitUpdated(turn, { $case: 'function', value: fn });
  return {};
}

export function applyFunctionAction(turn: Turn, param: ApplyFunctionActionParam): object {
  demand(MOVES.has(param.action), ErrorCode.BadRequest);
  const fn = getFunction(turn, { key: param.functionKey });
  demand(fn.owner === turn.caller, ErrorCode.PermissionDenied);
  moveFunction(turn, fn, { action: param.action, reason: 'User action' });
  return {};
}

/** Moves a function and its tasks. */
export function moveFunction(
  turn: Turn,
  before: OrchestratorFunction,
  { action, reason }: { readonly action: FunctionAction; readonly reason: string },
): void {
  const move = found(MOVES.get(action), ErrorCode.BadRequest);
  if (!move.from.includes(before.status))
    throw new Refusal(ErrorCode.IncompatibleTaskStatus, refusalText(move, before));
  const fn = { ...before, status: move.to };
  turn.channel.functions.set(fn.key, fn);
  emitMoved(turn, { $case: 'function', value: fn }, { reason });
  moveTasksOfFunction(turn, fn, { reason });
}

function refusalText(move: Move, { status }: OrchestratorFunction): string {
  const name = Object.entries(FunctionStatus).find(([, value]) => value === status)?.[0] ?? '';
  return `event ${move.name} inappropriate in current state ${name}`;
}

import { createPermissions } from '../assets/permission.ts';
import { nextFunctionStatus } from '../assets/function-state.ts';
import type { Encoded, Stored } from '../codec/codec.ts';
import { encodePage, pageRequest } from '../codec/page.ts';
import { conflict, invalidAsset, notFound, permissionDenied } from '../errors/orchestration-error.ts';
import { changes } from '../events/change.ts';
import type {
  FunctionAction} from '../gen/orchestrator/function.ts';
import {
  type ApplyFunctionActionParam,
  ApplyFunctionActionResponse,
  type FunctionMessage as OrchestratorFunction,
  FunctionStatus,
  type NewFunction,
  type QueryFunctionsParam,
  type QueryFunctionsResponse,
  type UpdateFunctionParam,
  UpdateFunctionResponse,
} from '../gen/orchestrator/function.ts';
import { toTimestamp } from '../time/instant.ts';
import type { ComputeTaskService } from './compute-task.ts';
import type { PermissionService } from './permission.ts';
import type { Scope } from './scope.ts';
import { USER_ACTION } from './reasons.ts';

/** Functions: what tasks run, built once for all of them. */
export class FunctionService {
  readonly #scope: Scope;
  readonly #permission: PermissionService;
  readonly #computeTask: ComputeTaskService;

  constructor(scope: Scope, permission: PermissionService, computeTask: ComputeTaskService) {
    this.#scope = scope;
    this.#permission = permission;
    this.#computeTask = computeTask;
  }

  /** @throws OrchestrationError OE0006, OE0003 for an organization that is not registered. */
  async registerFunction(asked: NewFunction): Promise<OrchestratorFunction> {
    const { context, dbal, events } = this.#scope;
    const [existing, registered] = await Promise.all([
      dbal.function.getFunctions([asked.key]),
      this.#permission.getRegistered(asked.newPermissions),
    ]);
    if (existing.has(asked.key)) throw conflict('function', asked.key);
    this.#permission.requireCaller(registered);
    const fn: OrchestratorFunction = {
      key: asked.key,
      name: asked.name,
      description: asked.description,
      archive: asked.archive,
      permissions: createPermissions(context.mspid, asked.newPermissions, registered),
      owner: context.mspid,
      creationDate: toTimestamp(context.instant),
      metadata: asked.metadata,
      inputs: asked.inputs,
      outputs: asked.outputs,
      status: FunctionStatus.FUNCTION_STATUS_WAITING,
      image: { checksum: '', storageAddress: '' },
    };
    dbal.function.addFunction(fn);
    events.add(changes.functionCreated(fn));
    return fn;
  }

  /** @throws OrchestrationError OE0002 */
  async getFunction(key: string): Promise<Stored<OrchestratorFunction>> {
    const found = (await this.#scope.dbal.function.getFunctions([key])).get(key);
    if (found === undefined) throw notFound('function', key);
    return found;
  }

  /** By creation date then key. @throws OrchestrationError OE0003 for a bad page token. */
  async queryFunctions(param: QueryFunctionsParam): Promise<Encoded<QueryFunctionsResponse>> {
    const { dbal, settings } = this.#scope;
    const page = pageRequest('QueryFunctions', param, settings.maxPageBytes);
    const filter = { computePlanKey: param.filter?.computePlanKey || undefined };
    return encodePage('QueryFunctions', await dbal.function.queryFunctions(filter, page));
  }

  /**
   * Replaces the name, and the image when one with a checksum is given.
   *
   * @throws OrchestrationError OE0002, OE0102, OE0101 when a READY function would be without image.
   */
  async updateFunction(param: UpdateFunctionParam): Promise<UpdateFunctionResponse> {
    const { dbal, events } = this.#scope;
    const fn = await this.getOwnFunction(param.key);
    const given = param.image !== undefined && param.image.checksum !== '' ? param.image : undefined;
    const updated: OrchestratorFunction = { ...fn, name: param.name, image: given ?? fn.image };
    const isReady = updated.status === FunctionStatus.FUNCTION_STATUS_READY;
    if (isReady && (updated.image?.checksum ?? '') === '') {
      throw invalidAsset('image: a function that is READY must have an image with a checksum');
    }
    dbal.function.updateFunction(updated);
    events.add(changes.functionUpdated(updated));
    return UpdateFunctionResponse.create();
  }

  /** @throws OrchestrationError OE0002, OE0102, OE0104 */
  async applyFunctionAction(param: ApplyFunctionActionParam): Promise<ApplyFunctionActionResponse> {
    const fn = await this.getOwnFunction(param.functionKey);
    await this.changeStatus(fn, param.action, USER_ACTION);
    return ApplyFunctionActionResponse.create();
  }

  /**
   * A function of the caller's.
   *
   * @throws OrchestrationError OE0002, OE0102
   */
  async getOwnFunction(key: string): Promise<OrchestratorFunction> {
    const fn = (await this.getFunction(key)).value;
    if (fn.owner !== this.#scope.context.mspid) throw permissionDenied('only the owner may change the function');
    return fn;
  }

  /**
   * Moves the function and, behind it, the tasks that use it.
   *
   * @throws OrchestrationError OE0104
   */
  async changeStatus(fn: OrchestratorFunction, action: FunctionAction, reason: string): Promise<void> {
    const { dbal, events } = this.#scope;
    const updated: OrchestratorFunction = { ...fn, status: nextFunctionStatus(fn.status, action) };
    dbal.function.updateFunction(updated);
    events.add(changes.functionStatusChanged(updated, reason));
    await this.#computeTask.followFunction(updated, reason);
  }
}

import { createPermission, createPermissions } from '../assets/permission.ts';
import type { Encoded, Stored } from '../codec/codec.ts';
import { encodePage, pageRequest } from '../codec/page.ts';
import { conflict, notFound, permissionDenied } from '../errors/orchestration-error.ts';
import { changes } from '../events/change.ts';
import {
  type DataManager,
  type NewDataManager,
  type QueryDataManagersParam,
  type QueryDataManagersResponse,
  type UpdateDataManagerParam,
  UpdateDataManagerResponse,
} from '../gen/orchestrator/datamanager.ts';
import { toTimestamp } from '../time/instant.ts';
import type { PermissionService } from './permission.ts';
import type { Scope } from './scope.ts';

/** Data managers: how data samples of one kind are opened, and who may process them. */
export class DataManagerService {
  readonly #scope: Scope;
  readonly #permission: PermissionService;

  constructor(scope: Scope, permission: PermissionService) {
    this.#scope = scope;
    this.#permission = permission;
  }

  /** @throws OrchestrationError OE0006, OE0003 for an organization that is not registered. */
  async registerDataManager(asked: NewDataManager): Promise<DataManager> {
    const { context, dbal, events } = this.#scope;
    const [existing, registered] = await Promise.all([
      dbal.dataManager.getDataManagers([asked.key]),
      this.#permission.getRegistered(asked.newPermissions, asked.logsPermission),
    ]);
    if (existing.has(asked.key)) throw conflict('datamanager', asked.key);
    this.#permission.requireCaller(registered);
    const dataManager: DataManager = {
      key: asked.key,
      name: asked.name,
      owner: context.mspid,
      permissions: createPermissions(context.mspid, asked.newPermissions, registered),
      description: asked.description,
      opener: asked.opener,
      type: '',
      creationDate: toTimestamp(context.instant),
      logsPermission: createPermission(context.mspid, asked.logsPermission, registered),
      metadata: asked.metadata,
    };
    dbal.dataManager.addDataManager(dataManager);
    events.add(changes.dataManagerCreated(dataManager));
    return dataManager;
  }

  /** @throws OrchestrationError OE0002 */
  async getDataManager(key: string): Promise<Stored<DataManager>> {
    const found = (await this.#scope.dbal.dataManager.getDataManagers([key])).get(key);
    if (found === undefined) throw notFound('datamanager', key);
    return found;
  }

  /** By creation date then key. @throws OrchestrationError OE0003 for a bad page token. */
  async queryDataManagers(param: QueryDataManagersParam): Promise<Encoded<QueryDataManagersResponse>> {
    const { dbal, settings } = this.#scope;
    const page = pageRequest('QueryDataManagers', param, settings.maxPageBytes);
    return encodePage('QueryDataManagers', await dbal.dataManager.queryDataManagers(page));
  }

  /** @throws OrchestrationError OE0002, OE0102 */
  async updateDataManager(param: UpdateDataManagerParam): Promise<UpdateDataManagerResponse> {
    const { context, dbal, events } = this.#scope;
    const { value } = await this.getDataManager(param.key);
    if (value.owner !== context.mspid) throw permissionDenied('only the owner may change the data manager');
    const updated: DataManager = { ...value, name: param.name };
    dbal.dataManager.updateDataManager(updated);
    events.add(changes.dataManagerUpdated(updated));
    return UpdateDataManagerResponse.create();
  }
}

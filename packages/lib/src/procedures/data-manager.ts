import {
  DataManager,
  GetDataManagerParam,
  NewDataManager,
  QueryDataManagersParam,
  QueryDataManagersResponse,
  UpdateDataManagerParam,
  UpdateDataManagerResponse,
} from '../gen/orchestrator/datamanager.ts';
import { validateNewDataManager } from '../assets/data-manager.ts';
import { validateRename } from '../assets/rename.ts';
import { defineService, read, touching, write } from './procedure.ts';

export const dataManagerProcedures = defineService('DataManagerService', {
  RegisterDataManager: write(NewDataManager, DataManager, validateNewDataManager, (s, param) =>
    s.dataManager.registerDataManager(param),
  ),
  GetDataManager: read(GetDataManagerParam, DataManager, (s, param) => s.dataManager.getDataManager(param.key)),
  QueryDataManagers: read(QueryDataManagersParam, QueryDataManagersResponse, (s, param) =>
    s.dataManager.queryDataManagers(param),
  ),
  UpdateDataManager: touching(
    write(UpdateDataManagerParam, UpdateDataManagerResponse, validateRename, (s, param) =>
      s.dataManager.updateDataManager(param),
    ),
    ({ key }) => [{ asset: key }],
  ),
});

import { Dataset, GetDatasetParam } from '../gen/orchestrator/dataset.ts';
import { defineService, snapshot } from './procedure.ts';

export const datasetProcedures = defineService('DatasetService', {
  GetDataset: snapshot(GetDatasetParam, Dataset, (s, param) => s.dataset.getDataset(param.key)),
});

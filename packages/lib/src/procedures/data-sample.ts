import {
  DataSample,
  GetDataSampleParam,
  QueryDataSamplesParam,
  QueryDataSamplesResponse,
  RegisterDataSamplesParam,
  RegisterDataSamplesResponse,
  UpdateDataSamplesParam,
  UpdateDataSamplesResponse,
} from '../gen/orchestrator/datasample.ts';
import { validateRegisterDataSamples, validateUpdateDataSamples } from '../assets/data-sample.ts';
import { defineService, read, touching, write } from './procedure.ts';

export const dataSampleProcedures = defineService('DataSampleService', {
  RegisterDataSamples: write(
    RegisterDataSamplesParam,
    RegisterDataSamplesResponse,
    validateRegisterDataSamples,
    (s, param) => s.dataSample.registerDataSamples(param.samples),
  ),
  UpdateDataSamples: touching(
    write(UpdateDataSamplesParam, UpdateDataSamplesResponse, validateUpdateDataSamples, (s, param) =>
      s.dataSample.updateDataSamples(param),
    ),
    ({ keys }) => keys.map((key) => ({ asset: key })),
  ),
  QueryDataSamples: read(QueryDataSamplesParam, QueryDataSamplesResponse, (s, param) =>
    s.dataSample.queryDataSamples(param),
  ),
  GetDataSample: read(GetDataSampleParam, DataSample, (s, param) => s.dataSample.getDataSample(param.key)),
});

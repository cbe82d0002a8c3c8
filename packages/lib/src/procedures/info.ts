import { QueryVersionParam, QueryVersionResponse } from '../gen/orchestrator/info.ts';
import { defineService, read } from './procedure.ts';

export const infoProcedures = defineService('InfoService', {
  QueryVersion: read(QueryVersionParam, QueryVersionResponse, (s) => s.info.queryVersion()),
});

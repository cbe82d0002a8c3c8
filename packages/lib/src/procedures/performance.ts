import {
  NewPerformance,
  Performance,
  QueryPerformancesParam,
  QueryPerformancesResponse,
} from '../gen/orchestrator/performance.ts';
import { validateNewPerformance } from '../assets/performance.ts';
import { defineService, read, write } from './procedure.ts';

export const performanceProcedures = defineService('PerformanceService', {
  RegisterPerformance: write(NewPerformance, Performance, validateNewPerformance, (s, param) =>
    s.performance.registerPerformance(param),
  ),
  QueryPerformances: read(QueryPerformancesParam, QueryPerformancesResponse, (s, param) =>
    s.performance.queryPerformances(param),
  ),
});

import {
  NewPerformance,
  Performance,
  QueryPerformancesParam,
  QueryPerformancesResponse,
} from '../gen/orchestrator/performance.ts';
import { validateNewPerformance } from '../assets/performance.ts';
import { defineService, read, touching, write } from './procedure.ts';

export const performanceProcedures = defineService('PerformanceService', {
  RegisterPerformance: touching(
    write(NewPerformance, Performance, validateNewPerformance, (s, param) => s.performance.registerPerformance(param)),
    ({ computeTaskKey }) => [{ task: computeTaskKey }],
  ),
  QueryPerformances: read(QueryPerformancesParam, QueryPerformancesResponse, (s, param) =>
    s.performance.queryPerformances(param),
  ),
});

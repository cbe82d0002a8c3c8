import { computePlanProcedures } from './compute-plan.ts';
import { computeTaskProcedures } from './compute-task.ts';
import { dataManagerProcedures } from './data-manager.ts';
import { dataSampleProcedures } from './data-sample.ts';
import { datasetProcedures } from './dataset.ts';
import { eventProcedures } from './event.ts';
import { failureReportProcedures } from './failure-report.ts';
import { functionProcedures } from './function.ts';
import { infoProcedures } from './info.ts';
import { modelProcedures } from './model.ts';
import { organizationProcedures } from './organization.ts';
import { performanceProcedures } from './performance.ts';
import type { Procedure } from './procedure.ts';
import { profilingProcedures } from './profiling.ts';

/** Every procedure of the API. The standalone server, the facade and the chaincode are made from this table. */
export const procedures: readonly Procedure[] = [
  ...organizationProcedures,
  ...functionProcedures,
  ...dataManagerProcedures,
  ...dataSampleProcedures,
  ...datasetProcedures,
  ...computePlanProcedures,
  ...computeTaskProcedures,
  ...modelProcedures,
  ...performanceProcedures,
  ...failureReportProcedures,
  ...profilingProcedures,
  ...eventProcedures,
  ...infoProcedures,
];

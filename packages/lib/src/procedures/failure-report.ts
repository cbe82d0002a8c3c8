import { FailureReport, GetFailureReportParam, NewFailureReport } from '../gen/orchestrator/failure_report.ts';
import { validateNewFailureReport } from '../assets/failure-report.ts';
import { defineService, read, write } from './procedure.ts';

export const failureReportProcedures = defineService('FailureReportService', {
  RegisterFailureReport: write(NewFailureReport, FailureReport, validateNewFailureReport, (s, param) =>
    s.failureReport.registerFailureReport(param),
  ),
  GetFailureReport: read(GetFailureReportParam, FailureReport, (s, param) =>
    s.failureReport.getFailureReport(param.assetKey),
  ),
});

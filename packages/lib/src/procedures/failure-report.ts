import { FailedAssetKind, FailureReport, GetFailureReportParam, NewFailureReport } from '../gen/orchestrator/failure_report.ts';
import { validateNewFailureReport } from '../assets/failure-report.ts';
import { defineService, read, touching, write } from './procedure.ts';

export const failureReportProcedures = defineService('FailureReportService', {
  RegisterFailureReport: touching(
    write(NewFailureReport, FailureReport, validateNewFailureReport, (s, param) =>
      s.failureReport.registerFailureReport(param),
    ),
    ({ assetKey, assetType }) =>
      assetType === FailedAssetKind.FAILED_ASSET_COMPUTE_TASK ? [{ task: assetKey }] : [{ asset: assetKey }],
  ),
  GetFailureReport: read(GetFailureReportParam, FailureReport, (s, param) =>
    s.failureReport.getFailureReport(param.assetKey),
  ),
});

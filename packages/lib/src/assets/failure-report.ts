import { badRequest } from '../errors/orchestration-error.ts';
import { ErrorType, FailedAssetKind, type NewFailureReport } from '../gen/orchestrator/failure_report.ts';
import { checkAddressable, checkKey, checkOneOf } from './checks.ts';
import { Problems } from './problems.ts';

const ERROR_TYPES = {
  ERROR_TYPE_BUILD: ErrorType.ERROR_TYPE_BUILD,
  ERROR_TYPE_EXECUTION: ErrorType.ERROR_TYPE_EXECUTION,
  ERROR_TYPE_INTERNAL: ErrorType.ERROR_TYPE_INTERNAL,
} as const;

/** @throws OrchestrationError OE0101, OE0003 when it does not say whether a task or a function failed. */
export function validateNewFailureReport(report: NewFailureReport): void {
  const problems = new Problems();
  checkKey(problems, 'asset_key', report.assetKey);
  checkOneOf(problems, 'error_type', report.errorType, ERROR_TYPES);
  checkOneOf(problems, 'asset_type', report.assetType, FailedAssetKind);
  if (report.errorType === ErrorType.ERROR_TYPE_INTERNAL) {
    if (report.logsAddress !== undefined) problems.add('logs_address', 'must be absent for an internal error');
  } else {
    checkAddressable(problems, 'logs_address', report.logsAddress);
  }
  problems.throwIfAny();
  if (report.assetType === FailedAssetKind.FAILED_ASSET_UNKNOWN) {
    throw badRequest('asset_type must say whether a compute task or a function failed');
  }
}

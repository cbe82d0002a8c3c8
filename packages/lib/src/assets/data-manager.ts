import type { NewDataManager } from '../gen/orchestrator/datamanager.ts';
import { checkAddressable, checkKey, checkMetadata, checkName, checkPermissions } from './checks.ts';
import { Problems } from './problems.ts';

/** @throws OrchestrationError OE0101 */
export function validateNewDataManager(dataManager: NewDataManager): void {
  const problems = new Problems();
  checkKey(problems, 'key', dataManager.key);
  checkName(problems, 'name', dataManager.name);
  checkPermissions(problems, 'new_permissions', dataManager.newPermissions);
  checkAddressable(problems, 'description', dataManager.description);
  checkAddressable(problems, 'opener', dataManager.opener);
  checkPermissions(problems, 'logs_permission', dataManager.logsPermission);
  checkMetadata(problems, 'metadata', dataManager.metadata);
  problems.throwIfAny();
}

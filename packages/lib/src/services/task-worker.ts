import { badRequest, notFound } from '../errors/orchestration-error.ts';
import type { DataManager } from '../gen/orchestrator/datamanager.ts';

/**
 * Where a task runs: at the owner of its data manager, else where it asks to.
 *
 * @param asked the explicit worker, empty when none was given.
 * @param registered the registered ones of the explicit workers. An owner always is one.
 * @throws OrchestrationError OE0003, OE0002
 */
export function chooseWorker(
  asked: string,
  dataManager: DataManager | undefined,
  registered: ReadonlySet<string>,
): string {
  if (dataManager !== undefined) {
    if (asked !== '' && asked !== dataManager.owner) {
      throw badRequest(`the worker must be the owner of the data manager, "${dataManager.owner}"`);
    }
    return dataManager.owner;
  }
  if (asked === '') throw badRequest('a compute task without data manager must name its worker');
  if (!registered.has(asked)) throw notFound('organization', asked);
  return asked;
}

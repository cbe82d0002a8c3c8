import { badRequest } from '../errors/orchestration-error.ts';
import type { NewPermissions } from '../gen/orchestrator/common.ts';
import { organizationsToCheck } from '../assets/permission.ts';
import type { Scope } from './scope.ts';

/** Who is registered in the channel, for those who are about to own an asset. */
export class PermissionService {
  readonly #scope: Scope;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  /** The registered ones of the caller and of all organizations that the permissions name. */
  getRegistered(...asked: readonly (NewPermissions | undefined)[]): Promise<ReadonlySet<string>> {
    const { context, dbal } = this.#scope;
    return dbal.organization.getRegisteredIds([context.mspid, ...asked.flatMap(organizationsToCheck)]);
  }

  /** @throws OrchestrationError OE0003 when the caller has not registered itself in the channel. */
  requireCaller(registered: ReadonlySet<string>): void {
    const { mspid } = this.#scope.context;
    if (!registered.has(mspid)) throw badRequest(`organization "${mspid}" is not registered in this channel`);
  }
}

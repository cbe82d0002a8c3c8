import { badRequest } from '../errors/orchestration-error.ts';
import type { NewPermissions, Permission, Permissions } from '../gen/orchestrator/common.ts';

/** Organizations that a new permission names and that must be registered. */
export function organizationsToCheck(permissions: NewPermissions | undefined): readonly string[] {
  return permissions === undefined || permissions.public ? [] : permissions.authorizedIds;
}

/**
 * The permission that a `NewPermissions` asks for: its ids in the order given, the owner appended when absent.
 *
 * @param registered the organizations of the channel that are registered, of those that matter here.
 * @throws OrchestrationError OE0003 when it is not public and names an organization that is not registered.
 */
export function createPermission(
  owner: string,
  asked: NewPermissions | undefined,
  registered: ReadonlySet<string>,
): Permission {
  const unknown = organizationsToCheck(asked).filter((id) => !registered.has(id));
  if (unknown.length > 0) {
    throw badRequest(`organizations that are not registered cannot be authorized: ${quote(unknown)}`);
  }
  const ids = asked?.authorizedIds ?? [];
  return { public: asked?.public ?? false, authorizedIds: ids.includes(owner) ? [...ids] : [...ids, owner] };
}

/** As `createPermission`, for processing and downloading alike. */
export function createPermissions(
  owner: string,
  asked: NewPermissions | undefined,
  registered: ReadonlySet<string>,
): Permissions {
  const permission = createPermission(owner, asked, registered);
  return { process: permission, download: permission };
}

function quote(ids: readonly string[]): string {
  return ids.map((id) => `"${id}"`).join(', ');
}

/** Whether the organization may process what the permissions guard. */
export function canProcess(permissions: Permissions | undefined, organization: string): boolean {
  const process = permissions?.process;
  return process !== undefined && (process.public || process.authorizedIds.includes(organization));
}

/** What either permits: public if one is, and then without ids; else the ids of both, the first's before the second's. */
export function unionPermission(a: Permission, b: Permission): Permission {
  if (a.public || b.public) return { public: true, authorizedIds: [] };
  return { public: false, authorizedIds: [...new Set([...a.authorizedIds, ...b.authorizedIds])] };
}

/** What both permit: public only if both are; the other's ids when one is public. */
export function intersectPermission(a: Permission, b: Permission): Permission {
  if (a.public && b.public) return { public: true, authorizedIds: [] };
  if (a.public) return { public: false, authorizedIds: [...b.authorizedIds] };
  if (b.public) return { public: false, authorizedIds: [...a.authorizedIds] };
  const other = new Set(b.authorizedIds);
  return { public: false, authorizedIds: a.authorizedIds.filter((id) => other.has(id)) };
}

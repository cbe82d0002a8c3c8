import { ErrorCode, type NewPermissions, type Permission, type Permissions } from '@orchestrator/lib';
import { type Turn, demand } from './state.ts';

/** behaviour.md, 4: the permission that a caller's wish becomes. */
export function makePermission(turn: Turn, wish: NewPermissions | undefined): Permission {
  const { public: isPublic, authorizedIds } = wish ?? { public: false, authorizedIds: [] };
  const registered = turn.channel.organizations;
  demand(isPublic || authorizedIds.every((id) => registered.has(id)), ErrorCode.BadRequest);
  demand(registered.has(turn.caller), ErrorCode.BadRequest);
  const ids = authorizedIds.includes(turn.caller) ? authorizedIds : [...authorizedIds, turn.caller];
  return { public: isPublic, authorizedIds: [...ids] };
}

export function makePermissions(turn: Turn, wish: NewPermissions | undefined): Permissions {
  return { process: makePermission(turn, wish), download: makePermission(turn, wish) };
}

export function canProcess(permissions: Permissions | undefined, organization: string): boolean {
  const process = permissions?.process;
  return process !== undefined && (process.public || process.authorizedIds.includes(organization));
}

/** Public if one is, then without ids; else the ids of all, each once. */
export function uniteLogs(permissions: readonly Permission[]): Permission {
  if (permissions.some((permission) => permission.public)) return { public: true, authorizedIds: [] };
  return { public: false, authorizedIds: [...new Set(permissions.flatMap((permission) => permission.authorizedIds))] };
}

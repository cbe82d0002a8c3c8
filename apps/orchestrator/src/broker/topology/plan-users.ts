import type { ActualPermission, ActualUser } from './actual-topology.ts';
import { apiPath } from './management-api.ts';
import { hasPassword } from './password.ts';
import type { PlanOptions, PlanPart, Step } from './plan-part.ts';
import { userTag } from './topology.ts';

type Permission = Pick<ActualPermission, 'configure' | 'write' | 'read'>;

/** One user for each organization, who may read its queue and nothing else. */
export function planUsers({ desired, actual }: PlanOptions): PlanPart {
  const tag = userTag(desired);
  const existing = new Map(actual.users.map((user) => [user.name, user]));
  const make: Step[] = [];
  const problems: string[] = [];
  for (const name of desired.organizations) {
    const user = existing.get(name);
    if (user !== undefined && !user.tags.includes(tag)) {
      problems.push(
        `the user ${JSON.stringify(name)} is there already, and somebody else made it: ` +
          'it is left as it is; delete it, and it is made anew',
      );
      continue;
    }
    const password = desired.passwords.get(name);
    if (user === undefined && password === undefined) continue;
    make.push(...userSteps({ name, user, password, tag }));
    make.push(...permissionSteps({ name, virtualHost: desired.virtualHost, permissions: actual.permissions }));
  }
  const wanted = new Set(desired.organizations);
  const unwanted = actual.users.filter((user) => user.tags.includes(tag) && !wanted.has(user.name));
  return { make, remove: unwanted.map(({ name }) => removeUser(name)), problems, notes: [] };
}

interface UserCase {
  readonly name: string;
  readonly user: ActualUser | undefined;
  readonly password: string | undefined;
  readonly tag: string;
}

function userSteps({ name, user, password, tag }: UserCase): readonly Step[] {
  const request = (body: object) => ({ method: 'PUT' as const, path: apiPath('users', name), body: { ...body, tags: tag } });
  const quoted = JSON.stringify(name);
  if (user === undefined) return [{ text: `make the user ${quoted}`, request: request({ password }) }];
  if (password !== undefined && !hasPassword(user, password)) {
    return [{ text: `give the user ${quoted} its new password`, request: request({ password }) }];
  }
  if (user.tags.length === 1) return [];
  // Without a password the call takes the old one away.
  const { password_hash, hashing_algorithm } = user;
  const others = user.tags.filter((one) => one !== tag).join(', ');
  return [{ text: `take the tags ${others} from the user ${quoted}`, request: request({ password_hash, hashing_algorithm }) }];
}

function permissionSteps({
  name,
  virtualHost,
  permissions,
}: {
  readonly name: string;
  readonly virtualHost: string;
  readonly permissions: readonly ActualPermission[];
}): readonly Step[] {
  const granted = permissions.filter(({ user }) => user === name);
  const elsewhere = granted.filter(({ vhost }) => vhost !== virtualHost);
  const steps = elsewhere.map(({ vhost }) => ({
    text: `take the virtual host ${JSON.stringify(vhost)} from the user ${JSON.stringify(name)}`,
    request: { method: 'DELETE' as const, path: apiPath('permissions', vhost, name) },
  }));
  const wanted = permissionOf(name);
  const here = granted.find(({ vhost }) => vhost === virtualHost);
  if (here !== undefined && isSame(here, wanted)) return steps;
  const text = `let the user ${JSON.stringify(name)} read its own queue and nothing else`;
  return [...steps, { text, request: { method: 'PUT', path: apiPath('permissions', virtualHost, name), body: wanted } }];
}

/** The broker looks for the expression anywhere in a name, hence the anchors. */
function permissionOf(name: string): Permission {
  return { configure: '', write: '', read: `^${name.replaceAll(/[\\^$.*+?()[\]{}|#\s-]/g, String.raw`\$&`)}$` };
}

function isSame(one: Permission, other: Permission): boolean {
  return one.configure === other.configure && one.write === other.write && one.read === other.read;
}

function removeUser(name: string): Step {
  return { text: `remove the user ${JSON.stringify(name)}`, request: { method: 'DELETE', path: apiPath('users', name) } };
}

import { common, msp, peer } from '@hyperledger/fabric-protos';
import type { Member, Role } from './identities.ts';

/** Who has to sign: one member of an organization in a role, or so many of several rules. */
export type SignaturePolicy =
  | { readonly kind: 'signedBy'; readonly mspid: string; readonly role: Role | 'member' }
  | { readonly kind: 'outOf'; readonly count: number; readonly rules: readonly SignaturePolicy[] };

const { MSPRoleType } = msp.MSPRole;
const ROLE_TYPES = {
  member: MSPRoleType.MEMBER,
  admin: MSPRoleType.ADMIN,
  client: MSPRoleType.CLIENT,
  peer: MSPRoleType.PEER,
  orderer: MSPRoleType.ORDERER,
} as const;
const ROLE_NAMES = ['member', 'admin', 'client', 'peer', 'orderer'] as const;

/**
 * Reads `AND('Org1MSP.peer','Org2MSP.peer')`, `OR(…)`, `OutOf(2, …)`, nested or not; `AND` and `OR` alone are over the
 * peers of all the given organizations.
 * @throws Error for any other text.
 */
export function parsePolicy(text: string, mspids: readonly string[]): SignaturePolicy {
  const peers = mspids.map((mspid) => `'${mspid}.peer'`).join(',');
  const tokens = (text === 'AND' || text === 'OR' ? `${text}(${peers})` : text).match(/[A-Za-z]+|\d+|'[^']*'|[(),]/g) ?? [];
  let at = 0;
  const take = (expected?: string): string => {
    const token = tokens[at];
    if (token === undefined || (expected !== undefined && token !== expected)) throw new Error(`${text} is not a signature policy`);
    at += 1;
    return token;
  };
  const list = (): SignaturePolicy[] => {
    const rules = [rule()];
    while (tokens[at] === ',') {
      take(',');
      rules.push(rule());
    }
    take(')');
    return rules;
  };
  function rule(): SignaturePolicy {
    const token = take();
    if (token.startsWith("'")) return principal(token.slice(1, -1));
    take('(');
    if (token === 'OutOf') {
      const count = Number(take());
      take(',');
      return { kind: 'outOf', count, rules: list() };
    }
    if (token !== 'AND' && token !== 'OR') throw new Error(`${text} is not a signature policy`);
    const rules = list();
    return { kind: 'outOf', count: token === 'AND' ? rules.length : 1, rules };
  }
  return rule();
}

function principal(text: string): SignaturePolicy {
  const dot = text.lastIndexOf('.');
  const role = ROLE_NAMES.find((name) => name === text.slice(dot + 1));
  if (dot < 1 || role === undefined) throw new Error(`${text} is not a principal such as Org1MSP.peer`);
  return { kind: 'signedBy', mspid: text.slice(0, dot), role };
}

/** Whether the members satisfy the policy, each of them counted once. */
export function satisfies(policy: SignaturePolicy, members: readonly Member[]): boolean {
  const distinct = [...new Map(members.map((member) => [member.id, member])).values()];
  return evaluate(policy, distinct, new Set());
}

function evaluate(policy: SignaturePolicy, members: readonly Member[], used: Set<Member>): boolean {
  if (policy.kind === 'signedBy') {
    const found = members.find((member) => !used.has(member) && matches(policy, member));
    if (found !== undefined) used.add(found);
    return found !== undefined;
  }
  let satisfied = 0;
  for (const rule of policy.rules) {
    const attempt = new Set(used);
    if (!evaluate(rule, members, attempt)) continue;
    satisfied += 1;
    for (const member of attempt) used.add(member);
  }
  return satisfied >= policy.count;
}

function matches({ mspid, role }: { readonly mspid: string; readonly role: Role | 'member' }, member: Member): boolean {
  return member.mspid === mspid && (role === 'member' || role === member.role);
}

/** The smallest sets of organizations whose peers together satisfy the policy, each sorted. */
export function layouts(policy: SignaturePolicy): string[][] {
  const found = new Map(organizationSets(policy).map((set) => [set.join('\n'), set]));
  const sets = [...found.values()];
  return sets.filter((set) => !sets.some((other) => other !== set && other.every((mspid) => set.includes(mspid))));
}

function organizationSets(policy: SignaturePolicy): string[][] {
  if (policy.kind === 'signedBy') return policy.role === 'peer' || policy.role === 'member' ? [[policy.mspid]] : [];
  const choose = (rules: readonly SignaturePolicy[], count: number): string[][] => {
    const [first, ...rest] = rules;
    if (count === 0) return [[]];
    if (first === undefined) return [];
    const withFirst = organizationSets(first).flatMap((set) => choose(rest, count - 1).map((other) => union(set, other)));
    return [...withFirst, ...choose(rest, count)];
  };
  return choose(policy.rules, policy.count);
}

/** Both sets as one, sorted. */
export function union(a: readonly string[], b: readonly string[]): string[] {
  return [...new Set([...a, ...b])].toSorted((x, y) => (x < y ? -1 : 1));
}

/** The policy as Fabric writes it down: principals in a list, the rules refer to them by index. */
export function policyEnvelope(policy: SignaturePolicy): common.SignaturePolicyEnvelope {
  const envelope = new common.SignaturePolicyEnvelope();
  const ruleOf = (part: SignaturePolicy): common.SignaturePolicy => {
    const rule = new common.SignaturePolicy();
    if (part.kind === 'signedBy') {
      rule.setSignedBy(envelope.getIdentitiesList().length);
      envelope.addIdentities(msppRole(part.mspid, part.role));
      return rule;
    }
    const nested = new common.SignaturePolicy.NOutOf();
    nested.setN(part.count);
    nested.setRulesList(part.rules.map(ruleOf));
    rule.setNOutOf(nested);
    return rule;
  };
  envelope.setRule(ruleOf(policy));
  return envelope;
}

function msppRole(mspid: string, role: Role | 'member'): msp.MSPPrincipal {
  const mspRole = new msp.MSPRole();
  mspRole.setMspIdentifier(mspid);
  mspRole.setRole(ROLE_TYPES[role]);
  const mspPrincipal = new msp.MSPPrincipal();
  mspPrincipal.setPrincipal(mspRole.serializeBinary());
  return mspPrincipal;
}

/** A chaincode definition's validation parameter: a peer.ApplicationPolicy of the policy. */
export function validationParameter(policy: SignaturePolicy): Uint8Array {
  const application = new peer.ApplicationPolicy();
  application.setSignaturePolicy(policyEnvelope(policy));
  return application.serializeBinary();
}

/** Reads a common.SignaturePolicyEnvelope, as a key's validation parameter holds; undefined when it is none. */
export function readPolicy(bytes: Uint8Array): SignaturePolicy | undefined {
  try {
    const envelope = common.SignaturePolicyEnvelope.deserializeBinary(bytes);
    const principals = envelope.getIdentitiesList().map((one) => msp.MSPRole.deserializeBinary(one.getPrincipal_asU8()));
    const rule = envelope.getRule();
    return rule && readRule(rule, principals);
  } catch {
    return undefined;
  }
}

function readRule(rule: common.SignaturePolicy, principals: readonly msp.MSPRole[]): SignaturePolicy {
  const nested = rule.getNOutOf();
  if (nested !== undefined)
    return { kind: 'outOf', count: nested.getN(), rules: nested.getRulesList().map((one) => readRule(one, principals)) };
  const found = principals[rule.getSignedBy()];
  const role = ROLE_NAMES.find((name) => ROLE_TYPES[name] === found?.getRole()) ?? 'member';
  return { kind: 'signedBy', mspid: found?.getMspIdentifier() ?? '', role };
}

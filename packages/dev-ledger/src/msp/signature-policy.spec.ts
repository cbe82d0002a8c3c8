import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Member, Role } from './identities.ts';
import { layouts, parsePolicy, policyEnvelope, readPolicy, satisfies } from './signature-policy.ts';

const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const member = (mspid: string, role: Role = 'peer', id = `${mspid}.${role}`): Member => ({ mspid, role, publicKey, expiresAtMs: 0, id });
const [a, b, c] = [member('A'), member('B'), member('C')];

describe('satisfies', () => {
  it.each([
    ["AND('A.peer','B.peer')", [a, b], true],
    ["AND('A.peer','B.peer')", [a], false],
    ["AND('A.peer','B.peer')", [a, a], false],
    ["AND('A.peer','A.peer')", [a, a], false],
    ["AND('A.peer','A.peer')", [a, member('A', 'peer', 'second')], true],
    ["OR('A.peer','B.peer')", [b], true],
    ["OR('A.peer','B.peer')", [c], false],
    ["OutOf(2,'A.peer','B.peer','C.peer')", [a, c], true],
    ["OutOf(2,'A.peer','B.peer','C.peer')", [c], false],
    ["AND('A.peer',OR('B.peer','C.peer'))", [a, c], true],
    ["AND('A.peer',OR('B.peer','C.peer'))", [b, c], false],
    ["OR('A.member')", [member('A', 'client')], true],
    ["OR('A.peer')", [member('A', 'client')], false],
    ["OR('A.peer')", [], false],
  ])('%s by %j: %s', (text, members, expected) => {
    expect(satisfies(parsePolicy(text, []), members)).toBe(expected);
  });
});

it('knows the short forms for all organizations', () => {
  expect(layouts(parsePolicy('AND', ['A', 'B']))).toEqual([['A', 'B']]);
  expect(layouts(parsePolicy('OR', ['A', 'B']))).toEqual([['A'], ['B']]);
});

it('finds the smallest sets of organizations', () => {
  expect(layouts(parsePolicy("OR('A.peer',AND('A.peer','B.peer'))", []))).toEqual([['A']]);
  expect(layouts(parsePolicy("OutOf(2,'A.peer','B.peer','C.peer')", []))).toEqual([
    ['A', 'B'],
    ['A', 'C'],
    ['B', 'C'],
  ]);
});

it.each(['', 'XOR(A)', "AND('A.peer'", "AND('A.boss')", "AND('.peer')"])('refuses %j', (text) => {
  expect(() => parsePolicy(text, [])).toThrow();
});

it('is the same after being written down and read', () => {
  const policy = parsePolicy("AND('A.peer',OutOf(1,'B.admin','C.member'))", []);
  expect(readPolicy(policyEnvelope(policy).serializeBinary())).toEqual(policy);
  expect(readPolicy(Buffer.from('garbage'))).toBeUndefined();
});

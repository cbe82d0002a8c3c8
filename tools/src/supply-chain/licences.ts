import type { LockedPackage } from './lock.ts';

/** May be part of what is delivered under Apache-2.0. */
const forDelivery: ReadonlySet<string> = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
  'Python-2.0',
  'Unlicense',
]);

/** May help to build and to test, since nothing of it is delivered. */
const buildOnly: ReadonlySet<string> = new Set([...forDelivery, 'CC-BY-4.0', 'CC0-1.0', 'MPL-2.0']);

/** Packages whose licence is accepted by hand, as `name@version`, with the licence that was read in their files. */
const readByHand: ReadonlyMap<string, string> = new Map();

/** Why a package may not be used; undefined when it may. */
export function licenceFault({ name, version, license, delivered }: LockedPackage): string | undefined {
  const expression = readByHand.get(`${name}@${version}`) ?? license;
  if (isAllowed(expression, delivered ? forDelivery : buildOnly)) return undefined;
  return `${name}@${version}${delivered ? '' : ' (build only)'} has the licence ${JSON.stringify(expression)}`;
}

/** SPDX expressions of one level: one of an OR, every one of an AND. */
function isAllowed(expression: string, allowed: ReadonlySet<string>): boolean {
  const inner = expression.replace(/^\((.*)\)$/, '$1');
  if (inner.includes(' OR ')) return inner.split(' OR ').some((part) => allowed.has(part));
  return inner.split(' AND ').every((part) => allowed.has(part));
}

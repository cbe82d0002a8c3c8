import { ComputePlan } from '@orchestrator/lib';
import { describe, expect, it } from 'vitest';
import { buildComputePlan } from '../builders/assets.ts';
import { keyedConformance } from './keyed.ts';
import { allPages, firstPage, itemsOf, listingConformance } from './listing.ts';
import type { Suite } from './suite.ts';
import { oddMap } from './texts.ts';

export function computePlanConformance(suite: Suite): void {
  keyedConformance<ComputePlan>(suite, {
    name: 'compute plans',
    build: buildComputePlan,
    add: (dbal, plan) => dbal.computePlan.addComputePlan(plan),
    get: (dbal, keys) => dbal.computePlan.getComputePlans(keys),
  });
  listingConformance<ComputePlan>(suite, {
    name: 'compute plans',
    codec: ComputePlan,
    build: (random, creationDate) => buildComputePlan(random, { creationDate, metadata: oddMap() }),
    add: (dbal, plans) => plans.forEach((plan) => dbal.computePlan.addComputePlan(plan)),
    query: (dbal, page) => dbal.computePlan.queryComputePlans({}, page),
    orderOf: (plan) => [plan.key],
  });
  describe('compute plans', () => {
    it('are filtered by owner', () => filtersByOwner(suite));
    it('are replaced by an update, and stay where they are in the listing', () => updates(suite));
  });
}

async function filtersByOwner(suite: Suite): Promise<void> {
  const room = await suite.openRoom();
  const owners = ['one', 'two', 'ONE', 'é\u{1f9ea}', 'one', 'two', 'one'];
  const plans = await room.write(async (dbal, now) => {
    const made = owners.map((owner) => buildComputePlan(room.random, { owner, creationDate: now }));
    for (const plan of made) dbal.computePlan.addComputePlan(plan);
    return made.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  });
  for (const owner of ['one', 'two', 'ONE', 'é\u{1f9ea}', 'nobody', 'on', '%']) {
    const expected = plans.filter((plan) => plan.owner === owner);
    const pages = await room.read((dbal) => allPages((page) => dbal.computePlan.queryComputePlans({ owner }, page), 2));
    expect(pages.flatMap((page) => itemsOf(ComputePlan, page))).toEqual(expected);
    expect(pages.length).toBe(Math.max(1, Math.ceil(expected.length / 2)));
  }
}

async function updates(suite: Suite): Promise<void> {
  const room = await suite.openRoom();
  const plans = await room.write(async (dbal, now) => {
    const made = Array.from({ length: 3 }, () => buildComputePlan(room.random, { creationDate: now }));
    for (const plan of made) dbal.computePlan.addComputePlan(plan);
    return made.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  });
  const changed = await room.write(async (dbal, now) => {
    const [first, second, third] = plans;
    if (first === undefined || second === undefined || third === undefined) throw new Error('a plan is missing');
    const after = [{ ...first, failureDate: now }, { ...second, cancelationDate: now, name: 'changed' }, third];
    dbal.computePlan.updateComputePlans(after.slice(0, 2));
    expect((await dbal.computePlan.getComputePlans([second.key])).get(second.key)?.value).toEqual(after[1]);
    return after;
  });
  const page = await room.read((dbal) => dbal.computePlan.queryComputePlans({}, firstPage(10)));
  expect(itemsOf(ComputePlan, page)).toEqual(changed);
}

import { AssetKind, FunctionStatus, OrchestratorFunction } from '@orchestrator/lib';
import { describe, expect, it } from 'vitest';
import { buildComputeTask, buildFunction } from '../builders/assets.ts';
import { keyedConformance } from './keyed.ts';
import { allPages, firstPage, itemsOf, listingConformance } from './listing.ts';
import type { Suite } from './suite.ts';
import { ODD_TEXTS, malformedKeys, oddMap } from './texts.ts';

export function functionConformance(suite: Suite): void {
  keyedConformance<OrchestratorFunction>(suite, {
    name: 'functions',
    build: buildFunction,
    add: (dbal, fn) => dbal.function.addFunction(fn),
    get: (dbal, keys) => dbal.function.getFunctions(keys),
  });
  listingConformance<OrchestratorFunction>(suite, {
    name: 'functions',
    codec: OrchestratorFunction,
    build: (random, creationDate) => buildFunction(random, { creationDate }),
    add: (dbal, fns) => fns.forEach((fn) => dbal.function.addFunction(fn)),
    query: (dbal, page) => dbal.function.queryFunctions({}, page),
    orderOf: (fn) => [fn.key],
  });
  describe('functions', () => {
    it('keep odd names, metadata and identifiers', () => keepsOddTexts(suite));
    it('are replaced by an update, and stay where they are in the listing', () => updates(suite));
    it('of a plan are listed once each', () => listsThoseOfAPlan(suite));
  });
}

async function keepsOddTexts(suite: Suite): Promise<void> {
  const room = await suite.openRoom();
  const written = await room.write(async (dbal, now) => {
    const fn = buildFunction(room.random, {
      name: '\u{1f9ea} __proto__',
      creationDate: now,
      metadata: oddMap(),
      inputs: new Map(ODD_TEXTS.map((text) => [text, { kind: AssetKind.ASSET_MODEL, multiple: true, optional: true }])),
      outputs: new Map(ODD_TEXTS.map((text) => [text, { kind: AssetKind.ASSET_MODEL, multiple: false }])),
    });
    dbal.function.addFunction(fn);
    return fn;
  });
  const found = await room.read((dbal) => dbal.function.getFunctions([written.key]));
  expect(found.get(written.key)?.value).toEqual(written);
}

async function updates(suite: Suite): Promise<void> {
  const room = await suite.openRoom();
  const add = () =>
    room.write(async (dbal, now) => {
      const fn = buildFunction(room.random, { creationDate: now });
      dbal.function.addFunction(fn);
      return fn;
    });
  const [first, second] = [await add(), await add()];
  const changed = {
    ...first,
    name: 'changed',
    status: FunctionStatus.FUNCTION_STATUS_READY,
    image: { checksum: 'c', storageAddress: 's' },
  };
  await room.write(async (dbal) => {
    dbal.function.updateFunction(changed);
    expect((await dbal.function.getFunctions([first.key])).get(first.key)?.value).toEqual(changed);
  });
  const page = await room.read((dbal) => dbal.function.queryFunctions({}, firstPage(10)));
  expect(itemsOf(OrchestratorFunction, page)).toEqual([changed, second]);
}

async function listsThoseOfAPlan(suite: Suite): Promise<void> {
  const room = await suite.openRoom();
  const [plan, otherPlan] = [room.random.key(), room.random.key()];
  const fns = await room.write(async (dbal, now) => {
    const made = Array.from({ length: 6 }, () => buildFunction(room.random, { creationDate: now }));
    for (const fn of made) dbal.function.addFunction(fn);
    const uses: [string, number][] = [
      [plan, 0],
      [plan, 1],
      [plan, 2],
      [plan, 1],
      [plan, 3],
      [otherPlan, 3],
      [otherPlan, 4],
    ];
    const tasks = uses.map(([computePlanKey, index]) =>
      buildComputeTask(room.random, { computePlanKey, functionKey: made[index]?.key ?? '', creationDate: now }),
    );
    dbal.computeTask.addComputeTasks(tasks.map((task) => ({ task, parentKeys: [] })));
    return made;
  });
  const expected = fns
    .slice(0, 4)
    .map((fn) => fn.key)
    .toSorted();
  for (const size of [1, 2, 4, 5]) {
    const pages = await room.read((dbal) =>
      allPages((page) => dbal.function.queryFunctions({ computePlanKey: plan }, page), size),
    );
    expect(pages.flatMap((page) => itemsOf(OrchestratorFunction, page)).map((fn) => fn.key)).toEqual(expected);
    expect(pages.length).toBe(Math.ceil(expected.length / size));
  }
  for (const computePlanKey of [room.random.key(), ...malformedKeys(plan)]) {
    const page = await room.read((dbal) => dbal.function.queryFunctions({ computePlanKey }, firstPage(10)));
    expect(page).toEqual({ items: [] });
  }
}

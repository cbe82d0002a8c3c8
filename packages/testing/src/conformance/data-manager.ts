import { DataManager } from '@orchestrator/lib';
import { describe, expect, it } from 'vitest';
import { buildDataManager } from '../builders/assets.ts';
import { keyedConformance } from './keyed.ts';
import { firstPage, itemsOf, listingConformance } from './listing.ts';
import type { Suite } from './suite.ts';
import { oddMap } from './texts.ts';

export function dataManagerConformance(suite: Suite): void {
  keyedConformance<DataManager>(suite, {
    name: 'data managers',
    build: buildDataManager,
    add: (dbal, dataManager) => dbal.dataManager.addDataManager(dataManager),
    get: (dbal, keys) => dbal.dataManager.getDataManagers(keys),
  });
  listingConformance<DataManager>(suite, {
    name: 'data managers',
    codec: DataManager,
    build: (random, creationDate) => buildDataManager(random, { creationDate }),
    add: (dbal, dataManagers) => dataManagers.forEach((each) => dbal.dataManager.addDataManager(each)),
    query: (dbal, page) => dbal.dataManager.queryDataManagers(page),
    orderOf: (dataManager) => [dataManager.key],
  });
  describe('data managers', () => {
    it('are replaced by an update, and stay where they are in the listing', () => updates(suite));
  });
}

async function updates(suite: Suite): Promise<void> {
  const room = await suite.openRoom();
  const add = () =>
    room.write(async (dbal, now) => {
      const dataManager = buildDataManager(room.random, { creationDate: now, metadata: oddMap() });
      dbal.dataManager.addDataManager(dataManager);
      return dataManager;
    });
  const [first, second] = [await add(), await add()];
  const changed = { ...first, name: 'changed \u{1f9ea}' };
  await room.write(async (dbal) => {
    dbal.dataManager.updateDataManager(changed);
    expect((await dbal.dataManager.getDataManagers([first.key])).get(first.key)?.value).toEqual(changed);
  });
  const page = await room.read((dbal) => dbal.dataManager.queryDataManagers(firstPage(10)));
  expect(itemsOf(DataManager, page)).toEqual([changed, second]);
}

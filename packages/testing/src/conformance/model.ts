import type { Model } from '@orchestrator/lib';
import { describe, expect, it } from 'vitest';
import { buildModel } from '../builders/assets.ts';
import { keyedConformance } from './keyed.ts';
import type { Suite } from './suite.ts';
import { malformedKeys } from './texts.ts';

export function modelConformance(suite: Suite): void {
  keyedConformance<Model>(suite, {
    name: 'models',
    build: buildModel,
    add: (dbal, model) => dbal.model.addModels([model]),
    get: (dbal, keys) => dbal.model.getModels(keys),
  });
  describe('models', () => {
    it('of a task are known by creation date then key', () => listsThoseOfATask(suite));
    it('lose their address by an update', () => disables(suite));
  });
}

async function listsThoseOfATask(suite: Suite): Promise<void> {
  const room = await suite.openRoom();
  const [task, other] = [room.random.key(), room.random.key()];
  const add = (computeTaskKeys: readonly string[]) =>
    room.write(async (dbal, now) => {
      const made = computeTaskKeys.map((computeTaskKey) =>
        buildModel(room.random, { computeTaskKey, creationDate: now }),
      );
      dbal.model.addModels(made);
      return made.toSorted((a, b) => (a.key < b.key ? -1 : 1));
    });
  const models = [...(await add([task, other, task, task])), ...(await add([task, task]))];
  const expected = models.filter((model) => model.computeTaskKey === task);
  const listed = await room.read((dbal) => dbal.model.getTaskModels(task));
  expect(listed.map((stored) => stored.value)).toEqual(expected);
  for (const key of [room.random.key(), ...malformedKeys(task)]) {
    expect(await room.read((dbal) => dbal.model.getTaskModels(key))).toEqual([]);
  }
  const neighbour = await suite.openRoom();
  expect(await neighbour.read((dbal) => dbal.model.getTaskModels(task))).toEqual([]);
}

async function disables(suite: Suite): Promise<void> {
  const room = await suite.openRoom();
  const computeTaskKey = room.random.key();
  const models = await room.write(async (dbal, now) => {
    const made = Array.from({ length: 3 }, () => buildModel(room.random, { computeTaskKey, creationDate: now }));
    dbal.model.addModels(made);
    return made.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  });
  const after = models.map((model, index) => (index < 2 ? { ...model, address: undefined } : model));
  await room.write(async (dbal) => {
    dbal.model.updateModels(after.slice(0, 2));
    expect((await dbal.model.getTaskModels(computeTaskKey)).map((stored) => stored.value)).toEqual(after);
  });
  const found = await room.read((dbal) => dbal.model.getModels(models.map((model) => model.key)));
  expect(new Map([...found].map(([key, stored]) => [key, stored.value]))).toEqual(
    new Map(after.map((model) => [model.key, model])),
  );
}

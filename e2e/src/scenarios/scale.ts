import { ComputeTaskAction as TaskAction, ComputeTaskStatus as Status, FunctionAction } from '@orchestrator/lib';
import { assert } from '../assert.ts';
import { direct, everybody, fromParent, managerInput, mapOf, models, output, samplesInput } from '../assets.ts';
import type { Caller } from '../client.ts';
import { latestEvent } from '../event-log.ts';
import { act, at, openWorkshop, registerDataManager, registerDataSample, type Workshop } from '../flows.ts';
import { longScenario } from '../scenario.ts';
import { readAll } from './pages.ts';

const BATCH = 5000;

async function countTasks(caller: Caller, computePlanKey: string, status: Status): Promise<number> {
  return (await readAll(caller, 'QueryTasks', { filter: { computePlanKey, status }, pageSize: 10_000 })).length;
}

/** The keys of the next events about these assets, one for each of them, in the order of the stream. */
async function readEvents(caller: Caller, start: string, assetKeys: readonly string[]): Promise<string[]> {
  await using stream = caller.subscribe(start);
  const wanted = new Set(assetKeys);
  const keys: string[] = [];
  while (keys.length < wanted.size) {
    const { assetKey } = await stream.next();
    if (wanted.has(assetKey)) keys.push(assetKey);
  }
  return keys;
}

async function registerBatches(shop: Workshop, count: number): Promise<string[]> {
  const keys: string[] = [];
  while (keys.length < count) {
    const batch = Array.from({ length: BATCH }, () => shop.task());
    const { tasks } = await shop.owner.call('RegisterTasks', { tasks: batch });
    keys.push(...tasks.map(({ key }) => key));
  }
  return keys;
}

export const scale = [
  longScenario('a plan of 5,000 tasks of three inputs is registered in one request and read back', async ({ org1 }) => {
    const { key: manager } = await registerDataManager(org1);
    const { key: sample } = await registerDataSample(org1, { dataManagerKeys: [manager] });
    const shop = await openWorkshop(org1, {
      inputs: mapOf({ manager: managerInput, samples: samplesInput, parents: models }),
    });
    const first = shop.task({
      inputs: [direct('manager', manager), direct('samples', sample)],
      outputs: mapOf({ model: output(everybody) }),
    });
    const tasks = [first];
    for (let index = 1; index < BATCH; index += 1) {
      const inputs = [
        direct('manager', manager),
        direct('samples', sample),
        fromParent(at(tasks, (index - 1) >> 1).key),
      ];
      tasks.push(shop.task({ inputs }));
    }
    const { id: start } = await latestEvent(org1);
    const answer = (await org1.call('RegisterTasks', { tasks })).tasks;
    assert.deepEqual(
      answer.map(({ key }) => key),
      tasks.map(({ key }) => key),
    );
    assert.equal(at(answer, -1).rank, 12);
    const { computePlanKey } = shop;
    assert.equal(await countTasks(org1, computePlanKey, Status.STATUS_WAITING_FOR_PARENT_TASKS), BATCH - 1);
    const keys = answer.map(({ key }) => key);
    assert.deepEqual(await readEvents(org1, start, keys), keys);
  }),
  longScenario('a chain of 5,000 tasks given backwards is put in order', async ({ org1 }) => {
    const { task } = await openWorkshop(org1);
    const tasks = [task()];
    for (let index = 1; index < BATCH; index += 1) tasks.push(task({ inputs: [fromParent(at(tasks, -1).key)] }));
    const answer = (await org1.call('RegisterTasks', { tasks: tasks.toReversed() })).tasks;
    assert.deepEqual(
      answer.map(({ key }) => key),
      tasks.map(({ key }) => key),
    );
    assert.equal(at(answer, -1).rank, BATCH - 1);
  }),
  longScenario('10,000 waiting tasks follow their function', async ({ org1 }) => {
    const shop = await openWorkshop(org1, {}, 'waiting');
    const { functionKey, computePlanKey } = shop;
    const keys = await registerBatches(shop, 2 * BATCH);
    await org1.call('ApplyFunctionAction', { functionKey, action: FunctionAction.FUNCTION_ACTION_BUILDING });
    assert.equal(await countTasks(org1, computePlanKey, Status.STATUS_BUILDING), 2 * BATCH);
    const { id: start } = await latestEvent(org1);
    await org1.call('ApplyFunctionAction', { functionKey, action: FunctionAction.FUNCTION_ACTION_READY });
    assert.equal(await countTasks(org1, computePlanKey, Status.STATUS_WAITING_FOR_EXECUTOR_SLOT), 2 * BATCH);
    const [first, ...others] = await readEvents(org1, start, [functionKey, ...keys]);
    assert.equal(first, functionKey);
    assert.deepEqual(others.toSorted(), keys.toSorted());
  }),
  longScenario('1,000 children are let go by their parent', async ({ org1 }) => {
    const { task, register, computePlanKey } = await openWorkshop(org1);
    const { key } = await register();
    const tasks = Array.from({ length: 1000 }, () => task({ inputs: [fromParent(key)] }));
    await org1.call('RegisterTasks', { tasks });
    await act(org1, key, TaskAction.TASK_ACTION_EXECUTING, TaskAction.TASK_ACTION_DONE);
    assert.equal(await countTasks(org1, computePlanKey, Status.STATUS_WAITING_FOR_EXECUTOR_SLOT), 1000);
  }),
];

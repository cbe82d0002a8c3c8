import {
  type ComputeTask,
  ComputeTaskAction as TaskAction,
  ComputeTaskStatus as Status,
  type Event,
} from '@orchestrator/lib';
import { all, assert, refuses } from '../assert.ts';
import { everybody, mapOf, newDataSample, newKey, output, performanceOutput } from '../assets.ts';
import { type Caller, encodeRequest } from '../client.ts';
import { microsOf } from '../event-log.ts';
import { act, at, openWorkshop, registerDataManager, registerFunction, registerPlan, type Workshop } from '../flows.ts';
import { longScenario, scenario } from '../scenario.ts';
import { readAll, readPages } from './pages.ts';

const keysOf = (items: readonly { readonly key: string }[]): string[] => items.map(({ key }) => key);

/** What clients take, less what a transport may add. */
const MAX_ANSWER_BYTES = (4 << 20) - 1024;

interface Dated {
  readonly key: string;
  readonly creationDate: ComputeTask['creationDate'];
}

/** By creation date, then key. */
function isBefore(a: Dated, b: Dated): boolean {
  const [first, second] = [microsOf(a.creationDate), microsOf(b.creationDate)];
  return first < second || (first === second && a.key < b.key);
}

function assertOrdered(items: readonly Dated[]): void {
  for (let index = 1; index < items.length; index += 1) {
    assert.ok(isBefore(at(items, index - 1), at(items, index)), `item ${index} is out of order`);
  }
}

/** Five tasks, three of them from one batch. */
async function fiveTasks(shop: Workshop): Promise<ComputeTask[]> {
  const first = await shop.register();
  const { tasks } = await shop.owner.call('RegisterTasks', { tasks: [shop.task(), shop.task(), shop.task()] });
  return [first, ...tasks.toSorted((a, b) => (a.key < b.key ? -1 : 1)), await shop.register()];
}

const paged = [
  'QueryFunctions',
  'QueryDataManagers',
  'QueryDataSamples',
  'QueryPlans',
  'QueryTasks',
  'QueryPerformances',
  'QueryEvents',
] as const;

export const listings = [
  scenario('pages of any size hold every item once, in order, and the last one has no token', async ({ org1 }) => {
    const shop = await openWorkshop(org1);
    const expected = keysOf(await fiveTasks(shop));
    const filter = { computePlanKey: shop.computePlanKey };
    const pages: Readonly<Record<number, readonly number[]>> = {
      1: [1, 1, 1, 1, 1],
      2: [2, 2, 1],
      4: [4, 1],
      5: [5],
      6: [5],
    };
    for (const [size, lengths] of Object.entries(pages)) {
      const read = await readPages(org1, 'QueryTasks', { filter, pageSize: Number(size) });
      assert.deepEqual(
        read.map(({ length }) => length),
        lengths,
      );
      assert.deepEqual(keysOf(read.flat() as ComputeTask[]), expected);
    }
  }),
  scenario('a page has 50 items when it is not said how many', async ({ org1 }) => {
    const samples = Array.from({ length: 51 }, () => newDataSample());
    await org1.call('RegisterDataSamples', { samples });
    const filter = { keys: keysOf(samples) };
    const pages = await readPages(org1, 'QueryDataSamples', { filter, pageSize: 0 });
    assert.deepEqual(
      pages.map(({ length }) => length),
      [50, 1],
    );
    assert.deepEqual(keysOf(pages.flat() as Dated[]), keysOf(samples).toSorted());
  }),
  scenario('tokens stay right while assets are added', async ({ org1 }) => {
    const { computePlanKey, register } = await openWorkshop(org1);
    const [first, second, third] = [await register(), await register(), await register()];
    const request = { filter: { computePlanKey }, pageSize: 2 };
    const page = await org1.call('QueryTasks', request);
    const fourth = await register();
    const next = await org1.call('QueryTasks', { ...request, pageToken: page.nextPageToken });
    assert.deepEqual(keysOf([...page.tasks, ...next.tasks]), keysOf([first, second, third, fourth]));
    assert.equal(next.nextPageToken, '');
  }),
  scenario('a bad page token is refused by every listing', async ({ org1 }) => {
    const tokens = ['x', '!!!', Buffer.from('nonsense').toString('base64'), newKey(), 'W10='];
    const cases = paged.flatMap((method) =>
      tokens.map((pageToken) => [`${method} ${pageToken}`, { method, pageToken }] as const),
    );
    await all(cases, ({ method, pageToken }) => refuses(org1.call(method, { pageToken }), 'BadRequest'));
  }),
  scenario('functions are those of a plan, each once', async ({ org1 }) => {
    const shop = await openWorkshop(org1);
    const { key: other } = await registerFunction(org1);
    const { key: unused } = await registerFunction(org1);
    for (const functionKey of [other, shop.functionKey, other]) await shop.register({ functionKey });
    const filter = { computePlanKey: shop.computePlanKey };
    const found = (await readAll(org1, 'QueryFunctions', { filter, pageSize: 1 })) as Dated[];
    assert.deepEqual(keysOf(found), [shop.functionKey, other]);
    const everything = (await readAll(org1, 'QueryFunctions', { pageSize: 10_000 })) as Dated[];
    assertOrdered(everything);
    for (const key of [other, unused]) assert.ok(keysOf(everything).includes(key));
    assert.deepEqual(await readAll(org1, 'QueryFunctions', { filter: { computePlanKey: newKey() } }), []);
  }),
  scenario('data managers are listed by creation date, then key', async ({ org1, org2 }) => {
    const managers = [
      await registerDataManager(org1),
      await registerDataManager(org2),
      await registerDataManager(org1),
    ];
    const found = (await readAll(org2, 'QueryDataManagers', { pageSize: 10_000 })) as Dated[];
    assertOrdered(found);
    const mine = keysOf(found).filter((key) => keysOf(managers).includes(key));
    assert.deepEqual(mine, keysOf(managers));
    const manager = managers[0];
    assert.deepEqual(
      found.find(({ key }) => key === manager?.key),
      manager,
    );
  }),
  scenario('data samples are those of the keys', async ({ org1 }) => {
    const samples = Array.from({ length: 4 }, () => newDataSample());
    const { dataSamples } = await org1.call('RegisterDataSamples', { samples });
    const keys = keysOf(samples).slice(0, 2);
    const found = await readAll(org1, 'QueryDataSamples', { filter: { keys: [...keys, newKey(), at(keys, 0)] } });
    assert.deepEqual(keysOf(found as Dated[]), keys.toSorted());
    assert.ok(dataSamples.some((sample) => sample.key === (found[0] as Dated).key));
    const everything = keysOf(
      (await readAll(org1, 'QueryDataSamples', { filter: { keys: [] }, pageSize: 10_000 })) as Dated[],
    );
    for (const { key } of samples) assert.ok(everything.includes(key));
  }),
  scenario('plans are those of an owner', async ({ org1, org2 }) => {
    const [mine, theirs] = [await registerPlan(org1), await registerPlan(org2)];
    const found = (await readAll(org1, 'QueryPlans', { filter: { owner: org2.mspid }, pageSize: 10_000 })) as (Dated & {
      owner: string;
    })[];
    assertOrdered(found);
    assert.ok(found.every(({ owner }) => owner === org2.mspid));
    assert.ok(keysOf(found).includes(theirs.key));
    const everything = keysOf((await readAll(org1, 'QueryPlans', { pageSize: 10_000 })) as Dated[]);
    assert.ok(everything.includes(mine.key) && everything.includes(theirs.key));
    assert.deepEqual(await readAll(org1, 'QueryPlans', { filter: { owner: 'NobodyMSP' } }), []);
  }),
  scenario('tasks fit all given filters', async ({ org1, org2 }) => {
    const shop = await openWorkshop(org1);
    const { key: functionKey } = await registerFunction(org1);
    const [one, two, three] = [
      await shop.register(),
      await shop.register({ worker: org2.mspid }),
      await shop.register({ functionKey }),
    ];
    await act(org1, three.key, TaskAction.TASK_ACTION_CANCELED);
    const filter = { computePlanKey: shop.computePlanKey };
    const list = async (changes: object): Promise<string[]> =>
      keysOf((await readAll(org1, 'QueryTasks', { filter: { ...filter, ...changes } })) as Dated[]);
    assert.deepEqual(await list({}), keysOf([one, two, three]));
    assert.deepEqual(await list({ worker: org1.mspid }), keysOf([one, three]));
    assert.deepEqual(await list({ worker: org2.mspid }), [two.key]);
    assert.deepEqual(await list({ functionKey: shop.functionKey }), keysOf([one, two]));
    assert.deepEqual(await list({ status: Status.STATUS_CANCELED }), [three.key]);
    assert.deepEqual(await list({ status: Status.STATUS_WAITING_FOR_EXECUTOR_SLOT, worker: org1.mspid }), [one.key]);
    assert.deepEqual(await list({ functionKey, worker: org2.mspid }), []);
    assert.deepEqual(await list({ computePlanKey: '', functionKey }), [three.key]);
    assert.deepEqual(await list({ status: Status.STATUS_DONE }), []);
  }),
  scenario('performances come in pages too', async ({ org1 }) => {
    const names = ['p1', 'p2', 'p3'];
    const outputs = mapOf(Object.fromEntries(names.map((name) => [name, performanceOutput])));
    const { register } = await openWorkshop(org1, { outputs });
    const { key } = await register({
      outputs: mapOf(Object.fromEntries(names.map((name) => [name, output(everybody)]))),
    });
    await act(org1, key, TaskAction.TASK_ACTION_EXECUTING);
    for (const name of names) {
      await org1.call('RegisterPerformance', {
        computeTaskKey: key,
        computeTaskOutputIdentifier: name,
        performanceValue: 1,
      });
    }
    const pages = await readPages(org1, 'QueryPerformances', { filter: { computeTaskKey: key }, pageSize: 2 });
    const identifiers = pages.map((page) =>
      (page as { computeTaskOutputIdentifier: string }[]).map((item) => item.computeTaskOutputIdentifier),
    );
    assert.deepEqual(identifiers, [['p1', 'p2'], ['p3']]);
  }),
  scenario('every organization may list, whatever it owns', async ({ org1, org2 }) => {
    const { computePlanKey, register } = await openWorkshop(org1);
    const task = await register();
    assert.deepEqual((await org2.call('QueryTasks', { filter: { computePlanKey } })).tasks, [task]);
  }),
  scenario('a page ends before the answer is larger than clients take', (context) => largePages(context.org1)),
  longScenario('a page has at most 10,000 items', async ({ org1 }) => {
    const keys: string[] = [];
    for (let batch = 0; batch < 3; batch += 1) {
      const samples = Array.from({ length: 3334 }, () => newDataSample());
      keys.push(...keysOf(samples));
      await org1.call('RegisterDataSamples', { samples });
    }
    const pages = await readPages(org1, 'QueryDataSamples', { filter: { keys }, pageSize: 100_000 });
    assert.deepEqual(
      pages.map(({ length }) => length),
      [10_000, 2],
    );
  }),
];

async function largePages(caller: Caller): Promise<void> {
  const owner = await openWorkshop(caller);
  const metadata = mapOf(
    Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`${index}`.padStart(100, 'k'), 'v'.repeat(100)])),
  );
  const keys: string[] = [];
  for (let batch = 0; batch < 3; batch += 1) {
    const tasks = Array.from({ length: 250 }, () => owner.task({ metadata }));
    keys.push(...keysOf((await caller.call('RegisterTasks', { tasks })).tasks));
  }
  const request = { filter: { computePlanKey: owner.computePlanKey }, pageSize: 10_000 };
  const pages = await readPages(caller, 'QueryTasks', request);
  assert.ok(pages.length > 1, 'the answer was not split');
  assert.deepEqual(keysOf(pages.flat() as Dated[]).toSorted(), keys.toSorted());
  const bytes = await caller.send('QueryTasks', encodeRequest('QueryTasks', request));
  assert.ok(bytes.length <= MAX_ANSWER_BYTES, `an answer has ${bytes.length} bytes`);
  const { creationDate: start } = await caller.call('GetTask', { key: at(keys, 0) });
  const events = (await readAll(caller, 'QueryEvents', { filter: { start }, pageSize: 10_000 })) as Event[];
  const made = new Set(events.map(({ assetKey }) => assetKey));
  assert.deepEqual(
    keys.filter((key) => !made.has(key)),
    [],
  );
}

import {
  AssetKind,
  ComputeTaskAction as TaskAction,
  type Event,
  EventKind,
  SortOrder,
  type Timestamp,
} from '@orchestrator/lib';
import { all, assert, nameOf } from '../assert.ts';
import { mapOf, newKey } from '../assets.ts';
import type { Caller } from '../client.ts';
import { eventsDuring, listEvents, microsOf } from '../event-log.ts';
import { act, at, finish, only, openWorkshop, registerPlan } from '../flows.ts';
import { scenario } from '../scenario.ts';
import { readPages } from './pages.ts';

const { EVENT_ASSET_CREATED: CREATED, EVENT_ASSET_UPDATED: UPDATED } = EventKind;

const idsOf = (events: readonly Event[]): string[] => events.map(({ id }) => id);
const isBefore = (a: Timestamp | undefined, b: Timestamp | undefined): boolean => microsOf(a) < microsOf(b);

/** The timestamp, nanoseconds later: finer than any event has. */
function shifted(timestamp: Timestamp | undefined, nanos: number): Timestamp {
  assert.ok(timestamp !== undefined);
  const total = timestamp.seconds * 1_000_000_000n + BigInt(timestamp.nanos + nanos);
  return { seconds: total / 1_000_000_000n, nanos: Number(total % 1_000_000_000n) };
}

/** A task that went to DONE: three events, one of them created. */
async function doneTask(caller: Caller): Promise<string> {
  const { register } = await openWorkshop(caller);
  const { key } = await register();
  await finish(caller, key);
  return key;
}

export const events = [
  scenario('events are filtered by asset key, asset kind and event kind, all at once', async ({ org1 }) => {
    const assetKey = await doneTask(org1);
    const kind = AssetKind.ASSET_COMPUTE_TASK;
    const count = async (filter: object): Promise<number> => (await listEvents(org1, { assetKey, ...filter })).length;
    assert.equal(await count({}), 3);
    assert.equal(await count({ assetKind: kind }), 3);
    assert.equal(await count({ assetKind: AssetKind.ASSET_MODEL }), 0);
    assert.equal(await count({ eventKind: CREATED }), 1);
    assert.equal(await count({ eventKind: UPDATED, assetKind: kind }), 2);
    assert.equal(await count({ eventKind: EventKind.EVENT_ASSET_DISABLED }), 0);
    assert.deepEqual(await listEvents(org1, { assetKey: newKey() }), []);
    const created = await listEvents(org1, { assetKind: kind, eventKind: CREATED });
    assert.ok(created.every((event) => event.assetKind === kind && event.eventKind === CREATED));
    assert.ok(created.some((event) => event.assetKey === assetKey));
  }),
  scenario('events are filtered by metadata, all given pairs', async ({ org1 }) => {
    const { register } = await openWorkshop(org1);
    const { key: assetKey } = await register();
    const reason = `because ${newKey()}`;
    await org1.call('ApplyTaskAction', {
      computeTaskKey: assetKey,
      action: TaskAction.TASK_ACTION_EXECUTING,
      log: reason,
    });
    await act(org1, assetKey, TaskAction.TASK_ACTION_CANCELED);
    const count = async (pairs: Record<string, string>): Promise<number> =>
      (await listEvents(org1, { metadata: mapOf(pairs) })).length;
    assert.equal(await count({ reason }), 1);
    assert.equal(await count({ reason, other: 'pair' }), 0);
    assert.equal(await count({ [reason]: 'reason' }), 0);
    const canceled = await listEvents(org1, { assetKey, metadata: mapOf({ reason: 'User action' }) });
    assert.equal(canceled.length, 1);
  }),
  scenario('start and end are inclusive', async ({ org1 }) => {
    const assetKey = await doneTask(org1);
    const [first, second, third] = await listEvents(org1, { assetKey });
    assert.ok(first !== undefined && second !== undefined && third !== undefined);
    const ids = async (start: Event | undefined, end: Event | undefined): Promise<string[]> =>
      idsOf(await listEvents(org1, { assetKey, start: start?.timestamp, end: end?.timestamp }));
    assert.deepEqual(await ids(second, undefined), idsOf([second, third]));
    assert.deepEqual(await ids(undefined, second), idsOf([first, second]));
    assert.deepEqual(await ids(second, second), [second.id]);
    assert.deepEqual(await ids(first, third), idsOf([first, second, third]));
    assert.deepEqual(await ids(third, first), []);
    const later = { timestamp: shifted(second.timestamp, 1) } as Event;
    const earlier = { timestamp: shifted(second.timestamp, -1) } as Event;
    assert.deepEqual(await ids(later, undefined), [third.id]);
    assert.deepEqual(await ids(undefined, earlier), [first.id]);
  }),
  scenario('both orders show the same events, page by page', async ({ org1 }) => {
    const assetKey = await doneTask(org1);
    const filter = { assetKey };
    const ascending = await listEvents(org1, filter);
    assert.deepEqual(idsOf(await listEvents(org1, filter, SortOrder.ASCENDING)), idsOf(ascending));
    for (const sort of [SortOrder.ASCENDING, SortOrder.DESCENDING]) {
      const expected = sort === SortOrder.ASCENDING ? ascending : ascending.toReversed();
      const pages = (await readPages(org1, 'QueryEvents', { filter, sort, pageSize: 2 })) as Event[][];
      assert.deepEqual(pages.map(idsOf), [idsOf(expected.slice(0, 2)), idsOf(expected.slice(2))]);
    }
  }),
  scenario(
    'events of one request have one instant and keep their order, also in pages and backwards',
    async ({ org1 }) => {
      const { task } = await openWorkshop(org1);
      const tasks = Array.from({ length: 7 }, () => task());
      const labels = Object.fromEntries(tasks.map(({ key }) => [key, key]));
      const made = await eventsDuring(org1, labels, () => org1.call('RegisterTasks', { tasks }));
      assert.deepEqual(
        made.map(({ assetKey }) => assetKey),
        tasks.map(({ key }) => key),
      );
      const { timestamp } = at(made, 0);
      for (const event of made) assert.deepEqual(event.timestamp, timestamp);
      const filter = { start: timestamp, end: timestamp };
      for (const sort of [SortOrder.ASCENDING, SortOrder.DESCENDING]) {
        const read = (await readPages(org1, 'QueryEvents', { filter, sort, pageSize: 3 })).flat() as Event[];
        const expected = sort === SortOrder.ASCENDING ? made : made.toReversed();
        assert.deepEqual(idsOf(read.filter(({ assetKey }) => assetKey in labels)), idsOf(expected));
      }
    },
  ),
  scenario('each request has a later instant than the one before', async ({ org1, org2 }) => {
    const plans = [];
    for (const owner of [org1, org2, org1, org2]) plans.push(await registerPlan(owner));
    for (let index = 1; index < plans.length; index += 1) {
      assert.ok(isBefore(at(plans, index - 1).creationDate, at(plans, index).creationDate));
    }
  }),
  scenario('an answered request is seen at once, and its event is a place to start at', async ({ org1, org2 }) => {
    const { key: assetKey } = await registerPlan(org1);
    const event = only(await listEvents(org2, { assetKey }));
    await using stream = org2.subscribe(event.id);
    await stream.connected();
  }),
  scenario('the newest 10,000 events of the channel obey the rules that clients rely on', async ({ org1 }) => {
    await doneTask(org1);
    const page = await org1.call('QueryEvents', { pageSize: 10_000, sort: SortOrder.DESCENDING });
    const newest = page.events;
    assert.equal(new Set(idsOf(newest)).size, newest.length);
    await all(
      newest.map((event) => [event.id, event] as const),
      (event) => checkEvent(event, org1.channel),
    );
    for (let index = 1; index < newest.length; index += 1) {
      assert.ok(!isBefore(at(newest, index - 1).timestamp, at(newest, index).timestamp));
    }
  }),
];

const cases: Readonly<Record<string, string>> = {
  ASSET_ORGANIZATION: 'organization',
  ASSET_DATA_SAMPLE: 'dataSample',
  ASSET_DATA_MANAGER: 'dataManager',
  ASSET_FUNCTION: 'function',
  ASSET_COMPUTE_TASK: 'computeTask',
  ASSET_COMPUTE_PLAN: 'computePlan',
  ASSET_MODEL: 'model',
  ASSET_PERFORMANCE: 'performance',
  ASSET_FAILURE_REPORT: 'failureReport',
  ASSET_COMPUTE_TASK_OUTPUT_ASSET: 'computeTaskOutputAsset',
  ASSET_PROFILING_STEP: 'profilingStep',
};

/** What holds for every event that any client may meet. */
function checkEvent(event: Event, channel: string): Promise<void> {
  const kind = nameOf(AssetKind, event.assetKind);
  assert.equal(event.channel, channel);
  assert.equal(event.asset?.$case, cases[kind] ?? 'a known kind');
  assert.ok([CREATED, UPDATED, EventKind.EVENT_ASSET_DISABLED].some((known) => known === event.eventKind));
  microsOf(event.timestamp);
  assert.ok(event.assetKey !== '' && event.id !== '');
  const asset = event.asset?.value as { creationDate?: Timestamp };
  if (event.eventKind === CREATED && 'creationDate' in asset) assert.deepEqual(event.timestamp, asset.creationDate);
  const mayHaveReason = event.eventKind === UPDATED && ['ASSET_COMPUTE_TASK', 'ASSET_FUNCTION'].includes(kind);
  if (!mayHaveReason) assert.equal(event.metadata.size, 0);
  if (event.asset?.$case === 'function') assert.ok(event.asset.value.image !== undefined);
  return Promise.resolve();
}

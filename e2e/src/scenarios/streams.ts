import type { Event } from '@orchestrator/lib';
import { assert, checkRefusal } from '../assert.ts';
import { newKey, newPlan } from '../assets.ts';
import type { Caller } from '../client.ts';
import { latestEvent, listEvents } from '../event-log.ts';
import { at, finish, openWorkshop, registerPlan } from '../flows.ts';
import { scenario } from '../scenario.ts';

const idsOf = (events: readonly Event[]): string[] => events.map(({ id }) => id);

/** All events of the stream behind that one, up to the registration of a plan made now. */
async function readToNow(caller: Caller, startEventId = ''): Promise<Event[]> {
  const { key } = await registerPlan(caller);
  await using stream = caller.subscribe(startEventId);
  return await stream.until(({ assetKey }) => assetKey === key);
}

function assertNoRepeats(ids: readonly string[]): void {
  assert.equal(new Set(ids).size, ids.length, 'an event came twice');
}

export const streams = [
  scenario('a stream sends its initial metadata at once, on a quiet channel too', async ({ org1 }) => {
    const { id } = await latestEvent(org1);
    await using stream = org1.subscribe(id);
    await stream.connected();
  }),
  scenario('from the start it shows every event of the channel', async ({ org1, org2 }) => {
    const read = await readToNow(org2);
    assertNoRepeats(idsOf(read));
    const { timestamp, id } = at(read, -1);
    const listed = await listEvents(org1, { end: timestamp });
    assert.deepEqual(idsOf(read).toSorted(), idsOf(listed).toSorted());
    assert.deepEqual(
      at(read, -1),
      listed.find((event) => event.id === id),
    );
    assert.ok(read.every(({ channel }) => channel === org2.channel));
  }),
  scenario('it goes on behind any event, without gap or repeat', async ({ org1 }) => {
    const { id: start } = await latestEvent(org1);
    const { register } = await openWorkshop(org1);
    await finish(org1, (await register()).key);
    const events = await readToNow(org1, start);
    const ids = idsOf(events);
    assert.ok(ids.length >= 8);
    for (let index = 0; index < ids.length - 1; index += 1) {
      await using stream = org1.subscribe(at(ids, index));
      const rest = await stream.until(({ id }) => id === at(ids, -1));
      assert.deepEqual(idsOf(rest), ids.slice(index + 1));
    }
  }),
  scenario('the stored and the listed event are the same', async ({ org1 }) => {
    const { id: start } = await latestEvent(org1);
    const { register } = await openWorkshop(org1);
    const { key } = await register();
    await finish(org1, key);
    const streamed = (await readToNow(org1, start)).filter(({ assetKey }) => assetKey === key);
    assert.deepEqual(streamed, await listEvents(org1, { assetKey: key }));
  }),
  scenario('live events come while others write, in one order for all readers', async ({ org1, org2 }) => {
    const { id: start } = await latestEvent(org1);
    await using early = org1.subscribe(start);
    await early.connected();
    const plans = Array.from({ length: 30 }, () => newPlan());
    const writing = Promise.all(plans.map((plan, index) => (index % 2 === 0 ? org1 : org2).call('RegisterPlan', plan)));
    // Joins while the writers are at work: the seam between stored and live events.
    await using late = org2.subscribe(start);
    await writing;
    const { key: marker } = await registerPlan(org1);
    const isLast = ({ assetKey }: Event): boolean => assetKey === marker;
    const [first, second] = [await early.until(isLast), await late.until(isLast)];
    assertNoRepeats(idsOf(first));
    assert.deepEqual(idsOf(second), idsOf(first));
    const seen = new Set(first.map(({ assetKey }) => assetKey));
    assert.deepEqual(
      plans.filter(({ key }) => !seen.has(key)),
      [],
    );
    await using again = org1.subscribe(start);
    assert.deepEqual(idsOf(await again.until(isLast)), idsOf(first));
  }),
  scenario('an unknown start event is not found', async ({ org1 }) => {
    for (const id of [newKey(), 'no event', `${'ab'.repeat(32)}:0`]) {
      await using stream = org1.subscribe(id);
      checkRefusal(await stream.ending(), 'NotFound');
    }
  }),
  scenario('a stream shows nothing of another channel', async ({ org1, elsewhere }) => {
    const { id: start } = await latestEvent(org1);
    await registerPlan(elsewhere);
    const foreign = await latestEvent(elsewhere);
    const events = await readToNow(org1, start);
    assert.ok(events.every(({ channel, id }) => channel === org1.channel && id !== foreign.id));
    await using stream = org1.subscribe(foreign.id);
    checkRefusal(await stream.ending(), 'NotFound');
  }),
  scenario('many streams of one channel see the same', async ({ org1, org2 }) => {
    const { id: start } = await latestEvent(org1);
    const streams = Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? org1 : org2).subscribe(start));
    try {
      await Promise.all(streams.map((stream) => stream.connected()));
      const { register } = await openWorkshop(org1);
      const { key } = await register();
      const reads = await Promise.all(streams.map((stream) => stream.until(({ assetKey }) => assetKey === key)));
      for (const read of reads) assert.deepEqual(idsOf(read), idsOf(at(reads, 0)));
    } finally {
      await Promise.all(streams.map((stream) => stream[Symbol.asyncDispose]()));
    }
  }),
];

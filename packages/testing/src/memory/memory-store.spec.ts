import { ErrorCode, Event, OrchestrationError } from '@orchestrator/lib';
import { describe, expect, it } from 'vitest';
import { buildComputePlan, buildEvent } from '../builders/assets.ts';
import { createRandom } from '../random/random.ts';
import { MemoryStore } from './memory-store.ts';

const caller = { channel: 'mychannel', mspid: 'MyOrg1MSP' };

describe('the store in memory', () => {
  it('runs the writing transactions of a channel one after another, those of others beside them', async () => {
    const store = new MemoryStore();
    const order: string[] = [];
    let release = (): void => undefined;
    const blocked = new Promise<void>((resolve) => {
      release = resolve;
    });
    const first = store.transaction(caller, async () => {
      order.push('first begins');
      await blocked;
      order.push('first ends');
    });
    const second = store.transaction(caller, async () => order.push('second'));
    await store.transaction({ ...caller, channel: 'yourchannel' }, async () => order.push('other channel'));
    release();
    await Promise.all([first, second]);
    expect(order).toEqual(['first begins', 'other channel', 'first ends', 'second']);
  });

  it('goes on after a transaction that failed, at an instant that was not used', async () => {
    const store = new MemoryStore();
    const instantOf = () => store.transaction(caller, async (_, context) => context.instant);
    const first = await instantOf();
    await expect(store.transaction(caller, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await instantOf()).toBe(first + 1n);
  });

  it('drops what a read would write', async () => {
    const store = new MemoryStore();
    const plan = buildComputePlan(createRandom(1), { creationDate: { seconds: 1n, nanos: 0 } });
    await store.read(caller, async (dbal) => dbal.computePlan.addComputePlan(plan));
    const found = await store.read(caller, (dbal) => dbal.computePlan.getComputePlans([plan.key]));
    expect(found.size).toBe(0);
  });

  it('keeps no hold on the messages that it was given', async () => {
    const store = new MemoryStore();
    const plan = buildComputePlan(createRandom(1), { creationDate: { seconds: 1n, nanos: 0 } });
    await store.transaction(caller, async (dbal) => dbal.computePlan.addComputePlan(plan));
    plan.metadata.set('added', 'later');
    const found = await store.read(caller, (dbal) => dbal.computePlan.getComputePlans([plan.key]));
    expect(found.get(plan.key)?.value.metadata.size).toBe(0);
  });

  it('shows the committed event log of a channel', async () => {
    const store = new MemoryStore();
    const event = buildEvent(createRandom(1), { timestamp: { seconds: 1n, nanos: 0 } });
    await store.transaction(caller, async (dbal) => dbal.event.addEvents([event]));
    const failing = store.transaction(caller, async (dbal) => {
      dbal.event.addEvents([event]);
      throw new OrchestrationError(ErrorCode.BadRequest, 'no');
    });
    await expect(failing).rejects.toThrow(ErrorCode.BadRequest);
    expect(store.events('mychannel').map((stored) => Event.decode(stored.bytes))).toEqual([event]);
    expect(store.events('yourchannel')).toEqual([]);
  });
});

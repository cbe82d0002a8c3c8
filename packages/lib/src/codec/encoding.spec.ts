import { describe, expect, it } from 'vitest';
import { ComputeTask, ComputeTaskStatus, RegisterTasksResponse } from '../gen/orchestrator/computetask.ts';
import { ComputePlan } from '../gen/orchestrator/computeplan.ts';
import { Event } from '../gen/orchestrator/event.ts';
import { encodeEvent, encodeMessage, encodeRegisteredTasks, encodeTaskBody, writeBytes } from './encoding.ts';

function task(changed: object = {}): ComputeTask {
  return ComputeTask.fromPartial({
    key: 'c7a1e7e0-0000-4000-8000-000000000001',
    owner: 'MyOrg1MSP',
    rank: 300,
    status: ComputeTaskStatus.STATUS_WAITING_FOR_PARENT_TASKS,
    metadata: new Map([['name', 'é'.repeat(100)]]),
    inputs: [{ identifier: 'opener', ref: { $case: 'assetKey', value: 'x' } }],
    functionKey: 'c7a1e7e0-0000-4000-8000-000000000002',
    ...changed,
  });
}

const unknown = { status: ComputeTaskStatus.STATUS_UNKNOWN };

describe('messages that share a writer', () => {
  it('are the same as with one of their own, whatever was written before', () => {
    for (const length of [0, 1, 200, 2_000_000, 3]) {
      const plan = ComputePlan.fromPartial({ key: 'k', name: 'n'.repeat(length) });
      expect(Buffer.compare(encodeMessage(ComputePlan, plan), ComputePlan.encode(plan).finish())).toBe(0);
    }
  });

  it('may be encoded while another one is', () => {
    const inner = ComputePlan.fromPartial({ key: 'inner' });
    const bytes = writeBytes((writer) => {
      writer.uint32(10).string('before');
      writer.uint32(18).bytes(encodeMessage(ComputePlan, inner));
    });
    const expected = writeBytes((writer) => {
      writer.uint32(10).string('before').uint32(18).bytes(ComputePlan.encode(inner).finish());
    });
    expect(bytes).toEqual(expected);
  });

  it('hold nothing of one that failed', () => {
    const fail = () =>
      writeBytes((writer) => {
        writer.string('half');
        throw new Error('no more');
      });
    expect(fail).toThrow('no more');
    const plan = ComputePlan.fromPartial({ key: 'k' });
    expect(encodeMessage(ComputePlan, plan)).toEqual(ComputePlan.encode(plan).finish());
  });
});

describe('tasks', () => {
  it('are encoded once, without their status', () => {
    const one = task();
    const body = encodeTaskBody(one);
    expect(ComputeTask.decode(body)).toEqual({ ...one, ...unknown });
    expect(encodeTaskBody(one)).toBe(body);
    expect(encodeTaskBody({ ...one })).not.toBe(body);
  });

  it('come back whole from the answer to their registration', () => {
    const tasks = [task(), task({ key: 'other', inputs: [] }), task(unknown)];
    expect(RegisterTasksResponse.decode(encodeRegisteredTasks(tasks))).toEqual({ tasks });
  });

  it('come back whole from their events, with the metadata', () => {
    for (const metadata of [new Map<string, string>(), new Map([['reason', 'why']])]) {
      for (const value of [task(), task(unknown)]) {
        const asset = { $case: 'computeTask' as const, value };
        const event = Event.fromPartial({ id: 'id', assetKey: 'key', assetKind: 6, channel: 'c', asset, metadata });
        expect(Event.decode(encodeEvent(event))).toEqual(event);
      }
    }
  });
});

it('encodes the events of other assets as the generated code does', () => {
  const asset = { $case: 'computePlan' as const, value: ComputePlan.fromPartial({ key: 'plan' }) };
  const event = Event.fromPartial({ id: 'id', asset, metadata: new Map([['reason', 'why']]) });
  expect(encodeEvent(event)).toEqual(Event.encode(event).finish());
});

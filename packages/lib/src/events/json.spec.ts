import { describe, expect, it } from 'vitest';
import { AssetKind, ComputeTaskStatus, Event, EventKind } from '../messages.ts';
import { eventToJson } from './json.ts';

const empty = { id: 'e1', assetKey: 'k', channel: 'mychannel', timestamp: { seconds: 1n, nanos: 500_000_000 }, metadata: new Map() };

function textOf(event: Partial<Event>): string {
  return eventToJson(Event.encode(Event.fromPartial(event)).finish()).text;
}

describe('eventToJson', () => {
  it('writes every field under its original name, in the order of the numbers, also when it is empty', () => {
    const event: Partial<Event> = {
      ...empty,
      assetKind: AssetKind.ASSET_COMPUTE_PLAN,
      eventKind: EventKind.EVENT_ASSET_CREATED,
      asset: {
        $case: 'computePlan',
        value: { key: 'k', owner: 'o', creationDate: { seconds: 0n, nanos: 1000 }, cancelationDate: undefined, tag: '', name: 'n', metadata: new Map(), failureDate: undefined },
      },
    };
    expect(JSON.parse(textOf(event))).toEqual({
      id: 'e1',
      asset_key: 'k',
      asset_kind: 'ASSET_COMPUTE_PLAN',
      event_kind: 'EVENT_ASSET_CREATED',
      channel: 'mychannel',
      timestamp: '1970-01-01T00:00:01.500Z',
      compute_plan: {
        key: 'k',
        owner: 'o',
        creation_date: '1970-01-01T00:00:00.000001Z',
        cancelation_date: null,
        tag: '',
        name: 'n',
        metadata: {},
        failure_date: null,
      },
      metadata: {},
    });
    expect(textOf(event)).toMatch(/^\{"id":"e1","asset_key":"k","asset_kind":"ASSET_COMPUTE_PLAN","event_kind":/u);
  });

  it('keeps every key of a map, in one order', () => {
    const keys = ['b', '__proto__', '10', '9', 'constructor', 'ä', 'a', 'toString'];
    const one = textOf({ ...empty, metadata: new Map(keys.map((key) => [key, `of ${key}`])) });
    const other = textOf({ ...empty, metadata: new Map(keys.toReversed().map((key) => [key, `of ${key}`])) });
    expect(other).toBe(one);
    const written = keys.toSorted((a, b) => (a < b ? -1 : 1)).map((key) => `"${key}":"of ${key}"`);
    expect(one).toContain(`"metadata":{${written.join(',')}}`);
  });

  it('keeps the outputs of a task, whatever they are called, and writes unset messages as null', () => {
    const outputs = new Map([
      ['__proto__', { permissions: undefined, transient: true }],
      ['7', { permissions: { process: { public: true, authorizedIds: ['o'] }, download: undefined }, transient: false }],
    ]);
    const text = textOf({
      ...empty,
      asset: { $case: 'computeTask', value: { key: 't', owner: '', computePlanKey: '', rank: 0, status: ComputeTaskStatus.STATUS_DONE, worker: '', creationDate: undefined, logsPermission: undefined, metadata: new Map(), inputs: [], outputs, functionKey: '' } },
    });
    expect(text).toContain(
      '"outputs":{"7":{"permissions":{"process":{"public":true,"authorized_ids":["o"]},"download":null},"transient":false},' +
        '"__proto__":{"permissions":null,"transient":true}}',
    );
    expect(text).toContain('"status":"STATUS_DONE"');
    expect(text).toContain('"creation_date":null');
  });

  it('writes numbers that JSON lacks as their names', () => {
    const performance = { computeTaskKey: 'k', computeTaskOutputIdentifier: 'p', performanceValue: Number.NaN, creationDate: undefined };
    expect(textOf({ ...empty, asset: { $case: 'performance', value: performance } })).toContain('"performance_value":"NaN"');
  });

  it('gives what message properties repeat', () => {
    const bytes = Event.encode(Event.fromPartial({ ...empty, assetKind: AssetKind.ASSET_MODEL, eventKind: EventKind.EVENT_ASSET_DISABLED })).finish();
    const { id, assetKind, eventKind, timestamp } = eventToJson(bytes);
    expect([id, assetKind, eventKind, timestamp]).toEqual(['e1', 'ASSET_MODEL', 'EVENT_ASSET_DISABLED', '1970-01-01T00:00:01.500Z']);
  });

  it('refuses what is no event', () => {
    expect(() => eventToJson(Uint8Array.of(0xff))).toThrow();
  });
});

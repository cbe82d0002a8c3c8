import { describe, expect, it } from 'vitest';
import { describeMessage } from '../codec/descriptors.ts';
import { Event } from '../gen/orchestrator/event.ts';
import { formatEvents, parseEvents } from './events.ts';
import { createChoose, randomMessage } from './spec-support.ts';

const encoder = new TextEncoder();

describe('a chaincode event', () => {
  it('carries events as they are, in order', () => {
    const choose = createChoose(7);
    const descriptor = describeMessage('Event');
    const events = Array.from({ length: 200 }, (_, index) => ({ ...Event.decode(randomMessage(descriptor, choose)), id: `tx:${index}` }));
    const parsed = parseEvents(formatEvents(events));
    expect(parsed.map(({ id }) => id)).toEqual(events.map(({ id }) => id));
    expect(parsed.map(({ bytes }) => Event.decode(bytes))).toEqual(events);
  });

  it('is the array of the canonical texts', () => {
    const events = ['a', 'b'].map((id) => Event.fromPartial({ id }));
    const payload = new TextDecoder().decode(formatEvents(events));
    expect(payload).toMatch(/^\[\{"id":"a","asset_key":"",.*\},\{"id":"b",.*\}\]$/u);
    expect(new TextDecoder().decode(formatEvents([]))).toBe('[]');
  });

  it.each([
    ['no UTF-8', Uint8Array.of(0xff)],
    ['no JSON', encoder.encode('[')],
    ['no array', encoder.encode('{}')],
    ['no events', encoder.encode('[1]')],
    ['no id', encoder.encode('[{"asset_key":"k"}]')],
    ['unknown fields', encoder.encode('[{"id":"i","more":1}]')],
  ])('is refused with %s', (_, payload) => {
    expect(() => parseEvents(payload)).toThrow(/^OE0001: /u);
  });
});

import { describe, expect, it } from 'vitest';
import { describeMessage, describeMethod } from '../codec/descriptors.ts';
import { jsonToWire } from '../codec/read-json.ts';
import { writeJson } from '../codec/write-json.ts';
import { NewComputePlan } from '../gen/orchestrator/computeplan.ts';
import { NewPerformance, Performance } from '../gen/orchestrator/performance.ts';
import { type Procedure, procedures } from '../procedures/index.ts';
import { contractName, formatAnswer, formatInvocation, functionName, parseAnswer, parseInvocation } from './invocation.ts';
import { createChoose, randomMessage } from './spec-support.ts';

const SEED = 20_261_121;
const CASES = 60;

function procedure(service: string, method: string): Procedure {
  const found = procedures.find((row) => row.service === service && row.method === method);
  if (found === undefined) throw new Error(`no procedure ${service}/${method}`);
  return found;
}

const registerPlan = procedure('ComputePlanService', 'RegisterPlan');
const registerPerformance = procedure('PerformanceService', 'RegisterPerformance');

function wrap(msg: unknown): string {
  return JSON.stringify({ msg: JSON.stringify(msg), request_id: 'r' });
}

describe('names', () => {
  it('are the service without its end, in lower case, and the method as in gRPC', () => {
    expect(contractName(registerPlan)).toBe('orchestrator.computeplan');
    expect(functionName(procedure('ComputeTaskService', 'RegisterTasks'))).toBe('orchestrator.computetask:RegisterTasks');
    expect(functionName(procedure('FailureReportService', 'GetFailureReport'))).toBe('orchestrator.failurereport:GetFailureReport');
  });

  it('tell all procedures apart', () => {
    expect(new Set(procedures.map(functionName)).size).toBe(procedures.length);
  });
});

describe.each(procedures.map((row) => ({ name: functionName(row), row })))('$name', ({ row }) => {
  const { input, output } = describeMethod(row.service, row.method);

  it(`gets its requests as they were sent (seed ${SEED})`, () => {
    const choose = createChoose(SEED);
    for (let index = 0; index < CASES; index += 1) {
      const request = row.request.decode(randomMessage(input, choose));
      const text = formatInvocation({ procedure: row, request, requestId: `r${index}`, idempotencyKey: 'key' });
      const parsed = parseInvocation(row, text);
      expect(parsed).toEqual({ request, requestId: `r${index}`, idempotencyKey: 'key' });
    }
  });

  it(`gives its answers as they were made, byte for byte once maps are in order (seed ${SEED})`, () => {
    const choose = createChoose(SEED + 1);
    for (let index = 0; index < CASES; index += 1) {
      const answer = row.response.encode(row.response.decode(randomMessage(output, choose))).finish();
      const text = formatAnswer({ procedure: row, answer, requestId: 'r' });
      const parsed = parseAnswer(row, text);
      expect(row.response.decode(parsed)).toEqual(row.response.decode(answer));
      expect(parsed.length).toBe(answer.length);
      expect(formatAnswer({ procedure: row, answer: parsed, requestId: 'r' })).toBe(text);
    }
  });
});

describe('the stored form', () => {
  it('has sorted names everywhere and comes back', () => {
    const choose = createChoose(SEED + 2);
    for (const name of ['ComputeTask', 'Function', 'Event', 'Performance', 'ComputePlan']) {
      const descriptor = describeMessage(name);
      for (let index = 0; index < CASES; index += 1) {
        const bytes = randomMessage(descriptor, choose);
        const text = writeJson(descriptor, bytes, 'stored');
        // A database that sorts names and makes an integer of -0 gives the same message.
        const again = jsonToWire(descriptor, JSON.parse(JSON.stringify(JSON.parse(text))));
        expect(writeJson(descriptor, again, 'stored')).toBe(text);
        expect(writeJson(descriptor, again)).toBe(writeJson(descriptor, bytes));
      }
    }
  });
});

describe('an invocation', () => {
  it('is the same text for maps in another order', () => {
    const text = (entries: [string, string][]) =>
      formatInvocation({ procedure: registerPlan, request: NewComputePlan.fromPartial({ key: 'k', metadata: new Map(entries) }), requestId: 'r' });
    expect(text([['b', '1'], ['a', '2']])).toBe(text([['a', '2'], ['b', '1']]));
    expect(text([])).toBe('{"msg":"{\\"key\\":\\"k\\",\\"tag\\":\\"\\",\\"metadata\\":{},\\"name\\":\\"\\"}","request_id":"r"}');
  });

  it('may use the names of either kind, numbers for enum values, and leave fields out', () => {
    const value = { performance_value: '1.5', computeTaskKey: 'k' };
    expect(parseInvocation(registerPerformance, wrap(value)).request).toEqual(NewPerformance.fromPartial({ computeTaskKey: 'k', performanceValue: 1.5 }));
  });

  it.each([0, -0, 0.5, Number.NaN, Infinity, -Infinity, 1.401298464324817e-45])('carries %d exactly', (performanceValue) => {
    const request = NewPerformance.fromPartial({ performanceValue });
    const parsed = parseInvocation(registerPerformance, formatInvocation({ procedure: registerPerformance, request, requestId: 'r' }));
    expect(Object.is((parsed.request as NewPerformance).performanceValue, performanceValue)).toBe(true);
    const answer = Performance.encode(Performance.fromPartial({ performanceValue })).finish();
    const back = parseAnswer(registerPerformance, formatAnswer({ procedure: registerPerformance, answer, requestId: 'r' }));
    expect(back).toEqual(answer);
  });

  it.each([
    ['no JSON', '{'],
    ['a list', '[]'],
    ['null', 'null'],
    ['a text', '"a"'],
    ['nothing', ''],
    ['no message', '{"request_id":"r"}'],
    ['no request id', '{"msg":"{}"}'],
    ['an unknown member', '{"msg":"{}","request_id":"r","more":"m"}'],
    ['a member of an object', '{"msg":"{}","request_id":"r","toString":"m"}'],
    ['a message that is no text', '{"msg":{},"request_id":"r"}'],
    ['a request id that is no text', '{"msg":"{}","request_id":7}'],
    ['a message that is no JSON', '{"msg":"{","request_id":"r"}'],
    ['a message that is no object', wrap([])],
    ['a null message', wrap(null)],
    ['an empty idempotency key', '{"msg":"{}","request_id":"r","idempotency_key":""}'],
    ['a long idempotency key', `{"msg":"{}","request_id":"r","idempotency_key":"${'k'.repeat(129)}"}`],
    ['an idempotency key beyond ASCII', '{"msg":"{}","request_id":"r","idempotency_key":"ü"}'],
    ['an unknown field', wrap({ nothing: 1 })],
    ['a field of every object', wrap({ constructor: 1 })],
    ['a number for a text', wrap({ key: 1 })],
    ['a list for a text', wrap({ key: ['k'] })],
    ['a list for a map', wrap({ metadata: [] })],
    ['a number in a map', wrap({ metadata: { a: 1 } })],
    ['U+0000 in a text', wrap({ key: 'a\0' })],
    ['U+0000 in the key of a map', wrap({ metadata: { 'a\0': 'b' } })],
    ['half a surrogate pair', '{"msg":"{\\"key\\":\\"\\\\ud800\\"}","request_id":"r"}'],
    ['U+0000 in the request id', '{"msg":"{}","request_id":"\\u0000"}'],
    ['a field given twice', wrap({ key: 'a', Key: 'b' })],
  ])('is refused for %s', (_, text) => {
    expect(() => parseInvocation(registerPlan, text)).toThrow(/^OE0101: /u);
  });

  it.each([
    ['a field under both of its names', { compute_task_key: 'a', computeTaskKey: 'b' }],
    ['a number beyond single precision', { performance_value: 1e39 }],
    ['a number as no number', { performance_value: '1,5' }],
    ['a hexadecimal number', { performance_value: '0x10' }],
    ['true for a number', { performance_value: true }],
  ])('is refused for %s', (_, value) => {
    expect(() => parseInvocation(registerPerformance, wrap(value))).toThrow(/^OE0101: /u);
  });

  it.each([
    ['2026-11-21T10:00:00Z', true],
    ['2026-11-21T10:00:00.123456789+01:30', true],
    ['0001-01-01T00:00:00Z', true],
    ['9999-12-31T23:59:59.999999999Z', true],
    ['2024-02-29T00:00:00Z', true],
    ['2026-02-29T00:00:00Z', false],
    ['2026-13-01T00:00:00Z', false],
    ['2026-11-21T24:00:00Z', false],
    ['2026-11-21T10:60:00Z', false],
    ['2026-11-21 10:00:00Z', false],
    ['2026-11-21T10:00:00', false],
    ['2026-11-21T10:00:00.Z', false],
    ['2026-11-21T10:00:00.1234567891Z', false],
    ['0000-12-31T23:59:59Z', false],
    ['9999-12-31T23:59:59-00:01', false],
    ['', false],
  ])('takes the time %j: %s', (start, taken) => {
    const queryEvents = procedure('EventService', 'QueryEvents');
    const parse = () => parseInvocation(queryEvents, wrap({ filter: { start } }));
    if (taken) expect(Number((parse().request as { filter: { start: { seconds: bigint } } }).filter.start.seconds) * 1000).toBe(Math.floor(Date.parse(start) / 1000) * 1000);
    else expect(parse).toThrow(/^OE0101: start must be a time/u);
  });

  it.each([
    ['an enum name of another enum', { filter: { asset_kind: 'EVENT_ASSET_CREATED' } }],
    ['an enum number with a fraction', { filter: { asset_kind: 1.5 } }],
    ['a page size below 0', { page_size: -1 }],
    ['a page size above 32 bits', { page_size: 4_294_967_296 }],
    ['a text for a message', { filter: 'x' }],
  ])('is refused for %s', (_, value) => {
    expect(() => parseInvocation(procedure('EventService', 'QueryEvents'), wrap(value))).toThrow(/^OE0101: /u);
  });

  it('is refused for two members of a oneof', () => {
    const registerTasks = procedure('ComputeTaskService', 'RegisterTasks');
    const input = { identifier: 'i', asset_key: 'k', parent_task_output: {} };
    expect(() => parseInvocation(registerTasks, wrap({ tasks: [{ inputs: [input] }] }))).toThrow(/^OE0101: /u);
  });

  it('cannot name a time outside of the calendar', () => {
    const queryEvents = procedure('EventService', 'QueryEvents');
    const request = { pageToken: '', pageSize: 0, sort: 0, filter: { assetKey: '', assetKind: 0, eventKind: 0, metadata: new Map(), start: { seconds: 10n ** 15n, nanos: 0 }, end: undefined } };
    expect(() => formatInvocation({ procedure: queryEvents, request, requestId: 'r' })).toThrow(/^OE0101: /u);
  });
});

describe('an answer', () => {
  it.each(['', '[]', '{"msg":"{}"}', '{"msg":"{\\"nothing\\":1}","request_id":"r"}'])('is refused as %j', (text) => {
    expect(() => parseAnswer(registerPlan, text)).toThrow(/^OE0101: /u);
  });
});

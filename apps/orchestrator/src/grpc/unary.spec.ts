import { connect } from 'node:http2';
import { status } from '@grpc/grpc-js';
import {
  conflict,
  Empty,
  ErrorCode,
  GetTaskParam,
  notFound,
  OrchestrationError,
  procedures,
  QueryVersionResponse,
  RegisterOrganizationParam,
} from '@orchestrator/lib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { UnavailableError } from '../errors.ts';
import { eventually, goodHeaders, startTestServer } from './spec-support.ts';
import type { TestServer } from './spec-support.ts';

const getTask = '/orchestrator.ComputeTaskService/GetTask';
const queryVersion = '/orchestrator.InfoService/QueryVersion';
const registerOrganization = '/orchestrator.OrganizationService/RegisterOrganization';

let running: TestServer;

beforeAll(async () => {
  running = await startTestServer();
});

afterAll(async () => {
  await running[Symbol.asyncDispose]();
});

beforeEach(() => {
  running.mode.calls.length = 0;
  running.mode.answer = () => Promise.resolve(new Uint8Array());
  running.ends.length = 0;
  running.logEntries.length = 0;
});

describe('a unary call', () => {
  it('hands the decoded request to the mode and its bytes to the client', async () => {
    const version = QueryVersionResponse.encode({ orchestrator: '1.2.3' }).finish();
    running.mode.answer = () => Promise.resolve(version);
    const request = GetTaskParam.encode({ key: 'some key' }).finish();
    const outcome = await running.client.unary(getTask, {
      request,
      headers: { ...goodHeaders, chaincode: 'mycc', reqid: 'abc', 'idempotency-key': 'once' },
    });
    expect(outcome.code).toBe(status.OK);
    expect(outcome.bytes).toEqual(Buffer.from(version));
    const [call] = running.mode.calls;
    expect(call?.procedure.method).toBe('GetTask');
    expect(call?.request).toEqual({ key: 'some key' });
    expect(call?.caller).toEqual({
      channel: 'mychannel',
      mspid: 'MyOrg1MSP',
      chaincode: 'mycc',
      requestId: 'abc',
      idempotencyKey: 'once',
    });
    expect(call?.deadlineMs).toBeGreaterThan(Date.now());
  });

  it('reaches every procedure of the table', async () => {
    for (const { service, method, kind, request } of procedures) {
      if (kind === 'stream') continue;
      const { code } = await running.client.unary(`/orchestrator.${service}/${method}`, {
        request: request.encode(request.fromPartial({})).finish(),
      });
      // Writing procedures refuse an empty request; none is unknown.
      expect([status.OK, status.INVALID_ARGUMENT, status.FAILED_PRECONDITION], method).toContain(code);
    }
  });

  it('is refused for an unknown service and for an unknown method', async () => {
    expect((await running.client.unary('/orchestrator.InfoService/Nothing')).code).toBe(status.UNIMPLEMENTED);
    expect((await running.client.unary('/orchestrator.Nothing/QueryVersion')).code).toBe(status.UNIMPLEMENTED);
  });

  it('tells the observer of its end', async () => {
    running.mode.answer = () => Promise.reject(notFound('computetask', 'k'));
    await running.client.unary(getTask, { headers: { ...goodHeaders, reqid: 'r-1' } });
    await eventually(() => running.ends.length === 1);
    const [end] = running.ends;
    expect(end).toMatchObject({
      call: { service: 'orchestrator.ComputeTaskService', method: 'GetTask', type: 'unary', requestId: 'r-1' },
      caller: { mspid: 'MyOrg1MSP', channel: 'mychannel' },
      code: status.NOT_FOUND,
      message: 'OE0002: computetask with key "k" not found',
    });
    expect(end?.durationMs).toBeGreaterThan(0);
  });
});

describe('a request that is not in order', () => {
  it.each([
    ['a broken field', Buffer.from([10, 200])],
    ['an end-group tag', Buffer.from([12, 10, 0])],
    ['bytes that are no UTF-8', Buffer.from([10, 1, 255])],
    ['U+0000', Buffer.from([10, 1, 0])],
  ])('is OE0101 for %s', async (_, request) => {
    const outcome = await running.client.unary(getTask, { request });
    expect(outcome.code).toBe(status.INVALID_ARGUMENT);
    expect(outcome.details).toMatch(/^OE0101: /);
    expect(running.mode.calls).toEqual([]);
  });

  it('is refused by the validation of its procedure', async () => {
    const request = RegisterOrganizationParam.encode({ address: 'no url' }).finish();
    const outcome = await running.client.unary(registerOrganization, { request });
    expect(outcome).toMatchObject({ code: status.INVALID_ARGUMENT });
    expect(running.mode.calls).toEqual([]);
  });

  it('is RESOURCE_EXHAUSTED when it is too large', async () => {
    const outcome = await running.client.unary(getTask, { request: Buffer.alloc(1_000_001) });
    expect(outcome.code).toBe(status.RESOURCE_EXHAUSTED);
    expect(outcome.details).toContain('message larger than max');
  });
});

describe('an error of the mode', () => {
  it.each([
    [conflict('organization', 'x'), status.ALREADY_EXISTS, 'OE0006: organization with key "x" already exists'],
    [new UnavailableError('the database is away'), status.UNAVAILABLE, 'the database is away'],
    [new OrchestrationError(ErrorCode.Conflict, 'déjà vu: 100 % 任务 🙂\n"x"'), status.ALREADY_EXISTS, 'OE0006: déjà vu: 100 % 任务 🙂\n"x"'],
  ])('becomes its status: %s', async (error, code, details) => {
    running.mode.answer = () => Promise.reject(error);
    expect(await running.client.unary(queryVersion)).toEqual({ code, details, bytes: undefined });
  });

  it('is masked and logged when nobody foresaw it', async () => {
    const bug = new TypeError('select * from secrets');
    running.mode.answer = () => Promise.reject(bug);
    const outcome = await running.client.unary(queryVersion, { headers: { ...goodHeaders, reqid: 'r2' } });
    expect(outcome).toMatchObject({ code: status.INTERNAL, details: 'OE0007: internal error, request r2' });
    expect(running.logEntries).toEqual([
      ['error', { error: bug, requestId: 'r2', method: '/orchestrator.InfoService/QueryVersion' }, 'unexpected error'],
    ]);
  });

  it('arrives whole when it is 8,000 characters long', async () => {
    const error = new OrchestrationError(ErrorCode.InvalidAsset, '"a" word '.repeat(2000));
    expect(error.message.endsWith(' ')).toBe(true);
    expect(error.message).toHaveLength(8000);
    running.mode.answer = () => Promise.reject(error);
    const outcome = await running.client.unary(queryVersion);
    expect(outcome).toMatchObject({ code: status.INVALID_ARGUMENT, details: error.message });
  });

  it('is RESOURCE_EXHAUSTED for an answer above the limit', async () => {
    running.mode.answer = () => Promise.resolve(new Uint8Array(1_000_001));
    const outcome = await running.client.unary(queryVersion);
    expect(outcome.code).toBe(status.RESOURCE_EXHAUSTED);
    expect(outcome.details).toContain('message larger than max');
    running.mode.answer = () => Promise.resolve(new Uint8Array(1_000_000));
    expect((await running.client.unary(queryVersion)).bytes).toHaveLength(1_000_000);
  });
});

describe('a client that gives up', () => {
  it('aborts the signal by cancelling', async () => {
    const abort = new AbortController();
    running.mode.answer = () => new Promise(() => undefined);
    const outcome = running.client.unary(queryVersion, { abort: abort.signal });
    await eventually(() => running.mode.calls.length === 1);
    expect(running.mode.calls[0]?.signal.aborted).toBe(false);
    abort.abort();
    expect((await outcome).code).toBe(status.CANCELLED);
    await eventually(() => running.ends.length === 1);
    expect(running.mode.calls[0]?.signal.aborted).toBe(true);
    expect(running.ends[0]?.code).toBe(status.CANCELLED);
    expect(running.logEntries.filter(([level]) => level === 'error')).toEqual([]);
  });

  it('aborts the signal by its deadline, and a late failure is nobody’s error', async () => {
    running.mode.answer = ({ signal }) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          reject(new Error('late'));
        });
      });
    const outcome = await running.client.unary(queryVersion, { deadlineMs: 100 });
    expect(outcome.code).toBe(status.DEADLINE_EXCEEDED);
    await eventually(() => running.ends.length === 1);
    expect(running.mode.calls[0]?.signal.aborted).toBe(true);
    expect(running.ends[0]?.code).toBe(status.DEADLINE_EXCEEDED);
    expect(running.logEntries.filter(([level]) => level === 'error')).toEqual([]);
  });
});

interface RawAnswer {
  readonly headers: Readonly<Record<string, unknown>>;
  readonly trailers: Readonly<Record<string, unknown>>;
}

/** A call with headers that the gRPC client would not send. */
function rawCall(headers: Readonly<Record<string, string | string[]>>): Promise<RawAnswer> {
  const session = connect(`http://127.0.0.1:${running.port}`);
  return new Promise<RawAnswer>((resolve, reject) => {
    const fixed = { ':method': 'POST', ':path': queryVersion, 'content-type': 'application/grpc', te: 'trailers' };
    const stream = session.request({ ...fixed, ...headers });
    stream.setTimeout(5000, reject);
    let answer: RawAnswer = { headers: {}, trailers: {} };
    stream.on('response', (received) => {
      answer = { ...answer, headers: received };
    });
    stream.on('trailers', (received) => {
      answer = { ...answer, trailers: received };
    });
    stream.on('error', reject);
    stream.on('close', () => {
      resolve(answer);
    });
    stream.resume();
    stream.end(Buffer.alloc(5));
  }).finally(() => {
    session.destroy();
  });
}

describe('what only a raw HTTP/2 client sends', () => {
  it('is FAILED_PRECONDITION for a header sent twice', async () => {
    const { headers } = await rawCall({ mspid: ['MyOrg1MSP', 'MyOrg1MSP'], channel: 'mychannel' });
    expect(headers).toMatchObject({ 'grpc-status': '9', 'grpc-message': 'OE0003: header "mspid" is repeated' });
  });

  it('is INVALID_ARGUMENT for a header that is not ASCII', async () => {
    const { headers } = await rawCall({ ...goodHeaders, 'idempotency-key': 'clé' });
    expect(headers['grpc-status']).toBe('3');
    expect(headers['grpc-message']).toMatch(/^OE0101: header "idempotency-key"/);
    expect(running.mode.calls).toEqual([]);
  });

  it('may be sent in larger pieces than HTTP/2 allows by itself', async () => {
    const session = connect(`http://127.0.0.1:${running.port}`);
    const windows: unknown[] = [];
    session.on('remoteSettings', ({ initialWindowSize }) => windows.push(initialWindowSize));
    const stream = session.request({ ':method': 'POST', ':path': queryVersion, 'content-type': 'application/grpc' });
    stream.resume();
    stream.end(Buffer.alloc(5));
    await eventually(() => windows.includes(1024 * 1024));
    session.destroy();
  });

  it('may have a deadline of months', async () => {
    running.mode.answer = async () => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      return Empty.encode({}).finish();
    };
    const { trailers } = await rawCall({ ...goodHeaders, 'grpc-timeout': '9999999S' });
    expect(trailers['grpc-status']).toBe('0');
  });
});

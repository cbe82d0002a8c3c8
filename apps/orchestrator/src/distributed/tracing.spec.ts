import { randomBytes } from 'node:crypto';
import { Client, credentials, Metadata, status } from '@grpc/grpc-js';
import { procedures } from '@orchestrator/lib';
import type { ServerProcess } from '@orchestrator/tools';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Collector, type ReceivedSpan } from '../tracing/spec-support.ts';
import { A, LedgerScene } from './spec-support-ledger.ts';

const CALL_TIMEOUT_MS = 20_000;

let scene: LedgerScene;
let collector: Collector;
let server: ServerProcess;

beforeAll(async () => {
  scene = await LedgerScene.open({ kind: 'dev-ledger' });
  collector = await Collector.start();
  server = await scene.startServer({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, LOG_LEVEL: 'DEBUG' });
}, 120_000);

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await collector[Symbol.asyncDispose]();
  await scene[Symbol.asyncDispose]();
}, 60_000);

interface Asked {
  readonly code: status;
  readonly traceId: string;
  /** Of the client's own span. */
  readonly parent: string;
  readonly requestId: string;
}

/** One call within a trace of its client. */
async function ask(method: string, request: object, mspid = A): Promise<Asked> {
  const procedure = procedures.find((row) => row.method === method);
  if (procedure === undefined) throw new Error(`no procedure ${method}`);
  const [traceId, parent, requestId] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex'), randomBytes(4).toString('hex')];
  const metadata = Metadata.fromHttp2Headers({ channel: 'mychannel', mspid, reqid: requestId, traceparent: `00-${traceId}-${parent}-01` });
  const client = new Client(server.grpcAddress, credentials.createInsecure());
  const toBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes);
  const bytes = procedure.request.encode(procedure.request.fromPartial(request)).finish();
  const code = await new Promise<status>((resolve) => {
    const path = `/orchestrator.${procedure.service}/${method}`;
    client.makeUnaryRequest(path, toBuffer, toBuffer, bytes, metadata, { deadline: Date.now() + CALL_TIMEOUT_MS }, (error) => resolve(error?.code ?? status.OK));
  }).finally(() => client.close());
  return { code, traceId, parent, requestId };
}

function only(traceId: string, name: string): ReceivedSpan {
  const spans = collector.named(traceId, name);
  expect(spans.map((span) => span.name)).toEqual([name]);
  return spans[0] as ReceivedSpan;
}

describe('a facade whose environment asks for traces', () => {
  let [write, read, refused, denied]: Asked[] = [];
  let lines: readonly Record<string, unknown>[];

  beforeAll(async () => {
    write = await ask('RegisterOrganization', { address: 'https://backend.example' });
    read = await ask('GetAllOrganizations', {});
    refused = await ask('RegisterOrganization', { address: 'https://backend.example' });
    denied = await ask('GetAllOrganizations', {}, 'NobodyMSP');
    server.kill('SIGTERM');
    // What was not sent yet goes out at the end.
    const end = await server.ended();
    if (end.code !== 0) throw new Error(`the server ended with ${JSON.stringify(end)}:\n${server.output}`);
    lines = server.everything.trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
  }, 60_000);

  it('sends what a collector can read, as its own service', () => {
    expect(collector.faults).toEqual([]);
    expect(new Set(collector.spans.map(({ resource }) => resource['service.name']))).toEqual(new Set(['orchestrator']));
  });

  it("makes spans of a write below the client's: call, transaction, endorsement, order, commit", () => {
    expect(write?.code).toBe(status.OK);
    const { traceId = '', parent = '', requestId = '' } = write ?? {};
    const call = only(traceId, 'orchestrator.OrganizationService/RegisterOrganization');
    expect(call.parentSpanId).toBe(parent);
    expect(call.attributes).toMatchObject({ 'orchestrator.request_id': requestId, 'orchestrator.mspid': A, 'orchestrator.channel': 'mychannel', 'rpc.grpc.status_code': 0 });
    const transaction = only(traceId, 'transaction');
    expect(transaction.parentSpanId).toBe(call.spanId);
    expect(transaction.attributes).toMatchObject({ 'orchestrator.chaincode': 'mychannel/mycc' });
    for (const name of ['endorse', 'order', 'wait for the commit']) expect(only(traceId, name).parentSpanId, name).toBe(transaction.spanId);
  });

  it('makes spans of a read: call, evaluation', () => {
    expect(read?.code).toBe(status.OK);
    const { traceId = '' } = read ?? {};
    expect(only(traceId, 'evaluate').parentSpanId).toBe(only(traceId, 'orchestrator.OrganizationService/GetAllOrganizations').spanId);
  });

  it('shows how far a refused write came', () => {
    expect(refused?.code).toBe(status.ALREADY_EXISTS);
    const { traceId = '' } = refused ?? {};
    expect(only(traceId, 'endorse').parentSpanId).toBe(only(traceId, 'transaction').spanId);
    expect(collector.named(traceId, 'order')).toEqual([]);
  });

  it('sends nothing of what the requests hold', () => {
    expect(JSON.stringify(collector.spans)).not.toContain('https://backend.example');
  });

  it('names request and trace in each line that a call logs', () => {
    expect(denied?.code).toBe(status.PERMISSION_DENIED);
    for (const { requestId, traceId } of [write, read, refused, denied].flatMap((asked) => asked ?? [])) {
      const ofTrace = lines.filter((line) => line['traceId'] === traceId);
      expect(ofTrace).toContainEqual(expect.objectContaining({ msg: 'call', requestId }));
      expect(ofTrace.filter((line) => line['requestId'] !== requestId)).toEqual([]);
      expect(lines.filter((line) => line['requestId'] === requestId && line['traceId'] !== traceId)).toEqual([]);
    }
  });
});

import { join } from 'node:path';
import { Client, credentials, Metadata, status } from '@grpc/grpc-js';
import { RegisterOrganizationParam } from '@orchestrator/lib';
import { createTestDatabase, ServerProcess } from '@orchestrator/tools';
import { describe, expect, it } from 'vitest';
import { asksForTraces } from '../config/process-environment.ts';
import { Collector } from './spec-support.ts';
import { startCallTrace, traceContext, traced, tracedStatement, traceFields } from './tracing.ts';

const channels = join(import.meta.dirname, '../../../../examples/compose/channels.yaml');
const traceId = '0af7651916cd43dd8448eb211c80319c';
const clientSpanId = 'b7ad6b7169203331';

function register(address: string, mspid: string): Promise<status> {
  const metadata = Metadata.fromHttp2Headers({ channel: 'mychannel', mspid, traceparent: `00-${traceId}-${clientSpanId}-01` });
  const client = new Client(address, credentials.createInsecure());
  const toBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes);
  const request = RegisterOrganizationParam.encode({ address: 'https://backend.example' }).finish();
  return new Promise<status>((resolve) => {
    client.makeUnaryRequest('/orchestrator.OrganizationService/RegisterOrganization', toBuffer, toBuffer, request, metadata, { deadline: Date.now() + 20_000 }, (error) => resolve(error?.code ?? status.OK));
  }).finally(() => client.close());
}

describe('a server whose environment asks for traces', () => {
  it("makes spans of a call, its transaction and its statements below the client's, and names the trace in the log", async () => {
    await using collector = await Collector.start();
    await using database = await createTestDatabase();
    const server = await ServerProcess.start({
      ORCHESTRATOR_DATABASE_URL: database.url,
      ORCHESTRATOR_MIGRATE: 'true',
      ORCHESTRATOR_CHANNEL_CONFIG: channels,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    });
    await using _ = server;
    expect(await register(server.grpcAddress, 'MyOrg1MSP')).toBe(status.OK);
    server.kill('SIGTERM');
    // What was not sent yet goes out at the end.
    expect(await server.ended()).toEqual({ code: 0, signal: null });

    expect(collector.faults).toEqual([]);
    const spans = collector.spans.filter((span) => span.traceId === traceId);
    expect(spans[0]?.resource).toMatchObject({ 'service.name': 'orchestrator' });
    const call = spans.find(({ name }) => name === 'orchestrator.OrganizationService/RegisterOrganization');
    expect(call?.parentSpanId).toBe(clientSpanId);
    expect(call?.attributes).toMatchObject({ 'orchestrator.mspid': 'MyOrg1MSP', 'orchestrator.channel': 'mychannel' });
    const transaction = spans.find(({ name }) => name === 'transaction');
    expect(transaction?.parentSpanId).toBe(call?.spanId);
    const statements = spans.filter(({ parentSpanId }) => parentSpanId === transaction?.spanId);
    expect(statements.length).toBeGreaterThan(3);
    expect(statements.every(({ attributes }) => typeof attributes['db.query.text'] === 'string')).toBe(true);
    expect(JSON.stringify(spans)).not.toContain('https://backend.example');
    const entry = server.output.split('\n').map((line) => JSON.parse(line) as Record<string, unknown>).find(({ msg }) => msg === 'call');
    expect(entry).toMatchObject({ traceId, requestId: call?.attributes['orchestrator.request_id'], method: '/orchestrator.OrganizationService/RegisterOrganization' });
  });
});

describe('without tracing', () => {
  it('nothing is made, and everything runs', async () => {
    expect(startCallTrace({ service: 's', method: 'm', requestId: 'r' }, new Metadata())).toBeUndefined();
    expect(traceContext()).toBeUndefined();
    expect(traceFields()).toEqual({});
    expect(await traced({ name: 'work' }, () => Promise.resolve(1))).toBe(1);
    const answer = Promise.resolve(2);
    expect(tracedStatement({ name: 'n', text: 't' }, answer)).toBe(answer);
  });
});

it.each([
  [{}, false],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }, true],
  [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://collector:4318/v1/traces' }, true],
  [{ OTEL_TRACES_EXPORTER: 'otlp' }, true],
  [{ OTEL_TRACES_EXPORTER: 'none', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }, false],
  [{ OTEL_SDK_DISABLED: 'true', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }, false],
  [{ OTEL_SERVICE_NAME: 'mine' }, false],
])('the environment %o asks for traces: %s', (variables, asks) => {
  expect(asksForTraces(variables)).toBe(asks);
});

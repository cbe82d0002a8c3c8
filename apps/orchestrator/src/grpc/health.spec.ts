import { status } from '@grpc/grpc-js';
import { procedures } from '@orchestrator/lib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  HealthCheckRequest,
  HealthCheckResponse,
  HealthCheckResponse_ServingStatus as ServingStatus,
  HealthListRequest,
  HealthListResponse,
} from './gen/grpc/health/v1/health.ts';
import { endOf, eventually, startTestServer } from './spec-support.ts';
import type { TestServer, UnaryOptions } from './spec-support.ts';

let running: TestServer;

beforeEach(async () => {
  running = await startTestServer();
});

afterEach(async () => {
  await running[Symbol.asyncDispose]();
});

function ask(service: string): UnaryOptions {
  return { headers: {}, request: HealthCheckRequest.encode({ service }).finish() };
}

async function check(service: string): Promise<unknown> {
  const { code, bytes } = await running.client.unary('/grpc.health.v1.Health/Check', ask(service));
  return bytes === undefined ? code : HealthCheckResponse.decode(bytes).status;
}

function watch(service: string): { readonly statuses: number[]; readonly ended: Promise<unknown>; cancel(): void } {
  const stream = running.client.stream('/grpc.health.v1.Health/Watch', ask(service));
  const statuses: number[] = [];
  stream.on('data', (bytes: Buffer) => statuses.push(HealthCheckResponse.decode(bytes).status));
  return {
    statuses,
    ended: endOf(stream),
    cancel: () => {
      stream.cancel();
    },
  };
}

describe('the health check', () => {
  it('knows the server and every service, without headers', async () => {
    for (const service of new Set(['', ...procedures.map((each) => `orchestrator.${each.service}`)])) {
      expect(await check(service), service).toBe(ServingStatus.SERVING);
    }
    expect(await check('orchestrator.NothingService')).toBe(status.NOT_FOUND);
  });

  it('follows the server and the mode', async () => {
    running.mode.setReady(false);
    expect(await check('')).toBe(ServingStatus.NOT_SERVING);
    running.server.setServing(false);
    running.mode.setReady(true);
    expect(await check('orchestrator.InfoService')).toBe(ServingStatus.NOT_SERVING);
    running.server.setServing(true);
    expect(await check('')).toBe(ServingStatus.SERVING);
  });

  it('lists all', async () => {
    const request = HealthListRequest.encode({}).finish();
    const { bytes } = await running.client.unary('/grpc.health.v1.Health/List', { headers: {}, request });
    const { statuses } = HealthListResponse.decode(bytes ?? Buffer.alloc(0));
    expect(statuses.size).toBe(new Set(procedures.map(({ service }) => service)).size + 1);
    expect(statuses.get('orchestrator.EventService')).toEqual({ status: ServingStatus.SERVING });
  });

  it('refuses what is no request', async () => {
    const request = Buffer.from([255]);
    const { code } = await running.client.unary('/grpc.health.v1.Health/Check', { headers: {}, request });
    expect(code).toBe(status.INVALID_ARGUMENT);
  });
});

describe('the health watch', () => {
  it('tells the status now and at each change', async () => {
    const watched = watch('orchestrator.InfoService');
    await eventually(() => watched.statuses.length === 1);
    running.mode.setReady(false);
    running.mode.setReady(false);
    running.mode.setReady(true);
    await eventually(() => watched.statuses.length === 3);
    expect(watched.statuses).toEqual([ServingStatus.SERVING, ServingStatus.NOT_SERVING, ServingStatus.SERVING]);
    watched.cancel();
    expect(await watched.ended).toMatchObject({ code: status.CANCELLED });
  });

  it('says SERVICE_UNKNOWN of a service that is not there', async () => {
    const watched = watch('nothing');
    await eventually(() => watched.statuses.length === 1);
    running.mode.setReady(false);
    expect(await check('')).toBe(ServingStatus.NOT_SERVING);
    expect(watched.statuses).toEqual([ServingStatus.SERVICE_UNKNOWN]);
    watched.cancel();
    await watched.ended;
  });

  it('tells of the drain and does not hold it up', async () => {
    const watched = watch('');
    const strange = watch('nothing');
    await eventually(() => watched.statuses.length + strange.statuses.length === 2);
    await running.server.drain(20_000);
    expect(watched.statuses).toEqual([ServingStatus.SERVING, ServingStatus.NOT_SERVING]);
    expect(await watched.ended).toMatchObject({ code: status.UNAVAILABLE });
    expect(await strange.ended).toMatchObject({ code: status.UNAVAILABLE });
  });
});

import { status } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import type { CallEnd } from '../grpc/call-observer.ts';
import { createCallLog } from './call-log.ts';
import { createLog } from './log.ts';

function entryOf(end: CallEnd): Record<string, unknown> {
  const lines: string[] = [];
  createCallLog(
    createLog({ level: 'debug', pretty: false, color: false }, { write: (line: string) => void lines.push(line) }),
  ).onEnd(end);
  expect(lines).toHaveLength(1);
  return JSON.parse(lines[0] ?? '') as Record<string, unknown>;
}

test('a refused call is told with who asked, how long it took and why', () => {
  const entry = entryOf({
    call: { service: 'orchestrator.ComputeTaskService', method: 'GetTask', type: 'unary', requestId: 'r1' },
    caller: { channel: 'mychannel', mspid: 'MyOrg1MSP', requestId: 'r1', idempotencyKey: 'k' },
    durationMs: 1.23456,
    code: status.NOT_FOUND,
    message: 'OE0002: computetask with key "x" not found',
  });
  expect(entry).toMatchObject({
    level: 'INFO',
    requestId: 'r1',
    method: '/orchestrator.ComputeTaskService/GetTask',
    mspid: 'MyOrg1MSP',
    channel: 'mychannel',
    durationMs: 1.235,
    status: 'NOT_FOUND',
    refusal: 'OE0002: computetask with key "x" not found',
  });
});

test('a health check is told at level debug', () => {
  const entry = entryOf({
    call: { service: 'grpc.health.v1.Health', method: 'Check', type: 'unary', requestId: 'r2' },
    durationMs: 0,
    code: status.OK,
    message: '',
  });
  expect(entry).toMatchObject({ level: 'DEBUG', status: 'OK' });
  expect(entry).not.toHaveProperty('refusal');
});

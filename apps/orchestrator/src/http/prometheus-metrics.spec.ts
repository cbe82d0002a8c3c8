import { status } from '@grpc/grpc-js';
import { AssetKind, ComputeTask, ComputeTaskStatus, EventKind } from '@orchestrator/lib';
import { expect, test } from 'vitest';
import type { CallInfo } from '../grpc/call-observer.ts';
import { noMetrics } from './metrics.ts';
import { PrometheusMetrics } from './prometheus-metrics.ts';

const call: CallInfo = { service: 'orchestrator.ModelService', method: 'GetModel', type: 'unary', requestId: 'r' };

async function linesOf(metrics: PrometheusMetrics, prefix: string): Promise<readonly string[]> {
  return (await metrics.render()).split('\n').filter((line) => line.startsWith(prefix));
}

test('a registration counts its tasks and its size, an update its cascade', async () => {
  const metrics = new PrometheusMetrics();
  const task = (eventKind: EventKind, taskStatus: ComputeTaskStatus) =>
    ({
      assetKind: AssetKind.ASSET_COMPUTE_TASK,
      eventKind,
      asset: { $case: 'computeTask', value: ComputeTask.fromPartial({ status: taskStatus }) },
    }) as const;
  const created = task(EventKind.EVENT_ASSET_CREATED, ComputeTaskStatus.STATUS_WAITING_FOR_PARENT_TASKS);
  const waiting = task(EventKind.EVENT_ASSET_UPDATED, ComputeTaskStatus.STATUS_WAITING_FOR_EXECUTOR_SLOT);
  metrics.observeEvents(
    'c1',
    Array.from({ length: 7 }, () => created),
  );
  metrics.observeEvents('c1', [task(EventKind.EVENT_ASSET_UPDATED, ComputeTaskStatus.STATUS_DONE), waiting, waiting]);
  metrics.observeEvents('c1', []);
  expect(await linesOf(metrics, 'orc_task_registered_total')).toEqual(['orc_task_registered_total{channel="c1"} 7']);
  expect(await linesOf(metrics, 'orc_task_registration_batch_size_bucket')).toEqual(
    ['5', '10', '50', '100', '500', '1000', '5000', '10000', '+Inf'].map(
      (le, index) => `orc_task_registration_batch_size_bucket{le="${le}",channel="c1"} ${index === 0 ? 0 : 1}`,
    ),
  );
  expect(await linesOf(metrics, 'orc_task_updated_total')).toEqual([
    'orc_task_updated_total{channel="c1",status="STATUS_DONE"} 1',
    'orc_task_updated_total{channel="c1",status="STATUS_WAITING_FOR_EXECUTOR_SLOT"} 2',
  ]);
  expect(await linesOf(metrics, 'orc_task_update_cascade_size_sum')).toEqual([
    'orc_task_update_cascade_size_sum{channel="c1",status="STATUS_DONE"} 1',
    'orc_task_update_cascade_size_sum{channel="c1",status="STATUS_WAITING_FOR_EXECUTOR_SLOT"} 2',
  ]);
});

test('calls are counted when they begin and by status when they end, with their time in seconds', async () => {
  const metrics = new PrometheusMetrics();
  metrics.calls.onStart?.(call);
  metrics.calls.onStart?.(call);
  metrics.calls.onEventsSent?.(call, 3);
  metrics.calls.onEnd({ call, code: status.NOT_FOUND, durationMs: 30, message: 'OE0002: …' });
  const labels = 'grpc_type="unary",grpc_service="orchestrator.ModelService",grpc_method="GetModel"';
  expect(await linesOf(metrics, 'grpc_server_started_total')).toEqual([`grpc_server_started_total{${labels}} 2`]);
  expect(await linesOf(metrics, 'grpc_server_handled_total')).toEqual([
    `grpc_server_handled_total{${labels},grpc_code="NotFound"} 1`,
  ]);
  expect(await linesOf(metrics, 'grpc_server_handling_seconds_sum')).toEqual([
    `grpc_server_handling_seconds_sum{${labels}} 0.03`,
  ]);
  expect(await linesOf(metrics, 'orc_event_sent_total')).toEqual(['orc_event_sent_total 3']);
});

test('transactions, retries and subscribers', async () => {
  const metrics = new PrometheusMetrics();
  metrics.transaction('RegisterTasks', 'committed');
  metrics.transactionRetried();
  metrics.eventsSent(2);
  metrics.subscriberAdded('c1');
  metrics.subscriberAdded('c1');
  metrics.subscriberRemoved('c1');
  expect(await linesOf(metrics, 'orc_db_transaction_total')).toEqual([
    'orc_db_transaction_total{method="RegisterTasks",outcome="committed"} 1',
  ]);
  expect(await linesOf(metrics, 'orc_db_transaction_retries_total')).toEqual(['orc_db_transaction_retries_total 1']);
  expect(await linesOf(metrics, 'orc_event_sent_total')).toEqual(['orc_event_sent_total 2']);
  expect(await linesOf(metrics, 'orc_event_subscribers')).toEqual(['orc_event_subscribers{channel="c1"} 1']);
});

test('the process and its event loop are measured, and two servers do not share a registry', async () => {
  const [one, two] = [new PrometheusMetrics(), new PrometheusMetrics()];
  one.transactionRetried();
  expect(await linesOf(two, 'orc_db_transaction_retries_total')).toEqual(['orc_db_transaction_retries_total 0']);
  expect(await linesOf(one, 'nodejs_eventloop_lag_seconds')).not.toEqual([]);
  expect(await linesOf(one, 'process_resident_memory_bytes')).not.toEqual([]);
  expect(one.contentType).toContain('text/plain');
});

test('a server without metrics has the same methods', () => {
  for (const name of Object.getOwnPropertyNames(PrometheusMetrics.prototype)) {
    if (!['constructor', 'render', 'contentType'].includes(name)) expect(noMetrics).toHaveProperty(name);
  }
});

test('the store is asked at each scrape, and turns are timed in seconds', async () => {
  const metrics = new PrometheusMetrics();
  let waiting = 2;
  metrics.observeStore({
    pools: () => new Map([['read', { open: 3, idle: 1, waiting, limit: 16 }]]),
    lines: () => new Map([['c1', waiting]]),
    subscriberLags: () => new Map(waiting === 2 ? [['c2', 7]] : []),
  });
  metrics.turnCame('c1', 250);
  expect(await linesOf(metrics, 'orc_db_pool_')).toEqual([
    'orc_db_pool_open{pool="read"} 3',
    'orc_db_pool_idle{pool="read"} 1',
    'orc_db_pool_waiting{pool="read"} 2',
    'orc_db_pool_limit{pool="read"} 16',
  ]);
  expect(await linesOf(metrics, 'orc_line_wait_seconds_sum')).toEqual(['orc_line_wait_seconds_sum{channel="c1"} 0.25']);
  expect(await linesOf(metrics, 'orc_event_subscriber_lag_events')).toEqual(['orc_event_subscriber_lag_events{channel="c2"} 7']);
  waiting = 5;
  expect(await linesOf(metrics, 'orc_event_subscriber_lag_events')).toEqual([]);
  expect(await linesOf(metrics, 'orc_line_waiting_requests')).toEqual(['orc_line_waiting_requests{channel="c1"} 5']);
});

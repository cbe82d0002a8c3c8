import type { PublisherObserver } from '../broker/publisher/publisher.ts';
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { CallEnd, CallInfo, CallObserver } from '../grpc/call-observer.ts';
import type { LedgerMetrics, Metrics, StoreState, TaskUpdate } from './metrics.ts';
import { statusCodeName } from './status-code-name.ts';
import type { CertificateExpiry } from '../trust/expiry.ts';
import { taskChangesOf } from './task-changes.ts';
import type { EventSummary } from './task-changes.ts';
import { createBrokerMetrics } from './broker-metrics.ts';
import { watchExpiry } from './certificate-metrics.ts';
import { createLedgerMetrics } from './ledger-metrics.ts';
import { registerStoreMetrics } from './store-metrics.ts';

const BATCH_SIZE_BUCKETS = [5, 10, 50, 100, 500, 1000, 5000, 10_000];

const HANDLING_BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

const CALL_LABELS = ['grpc_type', 'grpc_service', 'grpc_method'] as const;

/** Keeps the metrics of one server in a registry of its own. */
export class PrometheusMetrics implements Metrics {
  readonly calls: CallObserver = {
    onStart: (call) => this.#callStarted(call),
    onEventsSent: (_call, count) => this.eventsSent(count),
    onEnd: (end) => this.#callEnded(end),
  };

  readonly #registry = new Registry();
  readonly #registers = [this.#registry];

  readonly #tasksRegistered = new Counter({
    name: 'orc_task_registered_total',
    help: 'Compute tasks that were registered',
    labelNames: ['channel'],
    registers: this.#registers,
  });

  readonly #registrationBatchSize = new Histogram({
    name: 'orc_task_registration_batch_size',
    help: 'Compute tasks in one registration',
    labelNames: ['channel'],
    buckets: BATCH_SIZE_BUCKETS,
    registers: this.#registers,
  });

  readonly #tasksUpdated = new Counter({
    name: 'orc_task_updated_total',
    help: 'Compute tasks that came to a status',
    labelNames: ['channel', 'status'],
    registers: this.#registers,
  });

  readonly #cascadeSize = new Histogram({
    name: 'orc_task_update_cascade_size',
    help: 'Compute tasks that one request brought to a status',
    labelNames: ['channel', 'status'],
    buckets: BATCH_SIZE_BUCKETS,
    registers: this.#registers,
  });

  readonly #transactions = new Counter({
    name: 'orc_db_transaction_total',
    help: 'Transactions in the database or on the ledger, by procedure and outcome',
    labelNames: ['method', 'outcome'],
    registers: this.#registers,
  });

  readonly #retries = new Counter({
    name: 'orc_db_transaction_retries_total',
    help: 'Transactions that were tried again after a conflict or a lost connection',
    registers: this.#registers,
  });

  readonly #lineWait = new Histogram({
    name: 'orc_line_wait_seconds',
    help: 'How long writing requests waited for their turn in their channel',
    labelNames: ['channel'],
    buckets: HANDLING_BUCKETS_SECONDS,
    registers: this.#registers,
  });

  readonly #eventsSent = new Counter({
    name: 'orc_event_sent_total',
    help: 'Events handed to subscribers, and events that the broker has confirmed',
    registers: this.#registers,
  });

  readonly #subscribers = new Gauge({
    name: 'orc_event_subscribers',
    help: 'Open event streams',
    labelNames: ['channel'],
    registers: this.#registers,
  });

  readonly #started = new Counter({
    name: 'grpc_server_started_total',
    help: 'Calls that began',
    labelNames: CALL_LABELS,
    registers: this.#registers,
  });

  readonly #handled = new Counter({
    name: 'grpc_server_handled_total',
    help: 'Calls that ended, by status',
    labelNames: [...CALL_LABELS, 'grpc_code'],
    registers: this.#registers,
  });

  readonly #handling = new Histogram({
    name: 'grpc_server_handling_seconds',
    help: 'Time from the start of a call to its status',
    labelNames: CALL_LABELS,
    buckets: HANDLING_BUCKETS_SECONDS,
    registers: this.#registers,
  });

  readonly ledger: LedgerMetrics = createLedgerMetrics(this.#registry);

  readonly broker: PublisherObserver = createBrokerMetrics(this.#registry, (count) => this.eventsSent(count));

  constructor() {
    collectDefaultMetrics({ register: this.#registry });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** The metrics in Prometheus' text form. */
  render(): Promise<string> {
    return this.#registry.metrics();
  }

  observeEvents(channel: string, events: Iterable<EventSummary>): void {
    const { registered, updated } = taskChangesOf(events);
    if (registered > 0) this.taskRegistered(channel, registered);
    for (const [status, cascadeSize] of updated) this.taskUpdated({ channel, status, cascadeSize });
  }

  taskRegistered(channel: string, batchSize: number): void {
    this.#tasksRegistered.inc({ channel }, batchSize);
    this.#registrationBatchSize.observe({ channel }, batchSize);
  }

  taskUpdated({ channel, status, cascadeSize }: TaskUpdate): void {
    this.#tasksUpdated.inc({ channel, status }, cascadeSize);
    this.#cascadeSize.observe({ channel, status }, cascadeSize);
  }

  transaction(method: string, outcome: string): void {
    this.#transactions.inc({ method, outcome });
  }

  transactionRetried(): void {
    this.#retries.inc();
  }

  turnCame(channel: string, waitedMs: number): void {
    this.#lineWait.observe({ channel }, waitedMs / 1000);
  }

  observeStore(store: StoreState): void {
    registerStoreMetrics(this.#registry, store);
  }

  eventsSent(count: number): void {
    this.#eventsSent.inc(count);
  }

  subscriberAdded(channel: string): void {
    this.#subscribers.inc({ channel });
  }

  subscriberRemoved(channel: string): void {
    this.#subscribers.dec({ channel });
  }

  watchCertificates(list: () => readonly CertificateExpiry[]): void {
    watchExpiry(this.#registry, list);
  }

  #callStarted(call: CallInfo): void {
    this.#started.inc(labelsOf(call));
  }

  #callEnded({ call, code, durationMs }: CallEnd): void {
    const labels = labelsOf(call);
    this.#handled.inc({ ...labels, grpc_code: statusCodeName(code) });
    this.#handling.observe(labels, durationMs / 1000);
  }
}

function labelsOf({ type, service, method }: CallInfo): Record<(typeof CALL_LABELS)[number], string> {
  return { grpc_type: type, grpc_service: service, grpc_method: method };
}

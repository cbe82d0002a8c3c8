import type { ActualQueue } from './actual-topology.ts';
import { apiPath } from './management-api.ts';
import { isMarked } from './plan-part.ts';
import type { PlanOptions, PlanPart, Step } from './plan-part.ts';
import { MARK } from './topology.ts';
import type { DesiredTopology } from './topology.ts';

/** Each of these arguments loses events, or makes publishing fail for a whole channel. */
const LIMITS = ['x-max-length', 'x-max-length-bytes', 'x-message-ttl', 'x-expires'];

/** One queue for each organization. */
export function planQueues({ desired, actual, pruneNonempty }: PlanOptions): PlanPart {
  const existing = new Map(actual.queues.map((queue) => [queue.name, queue]));
  const make: Step[] = [];
  const problems: string[] = [];
  for (const name of desired.organizations) {
    const queue = existing.get(name);
    if (queue === undefined) make.push(makeQueue(name, desired));
    else problems.push(...faultsOf(queue, desired));
  }
  const wanted = new Set(desired.organizations);
  const unwanted = actual.queues.filter((queue) => isMarked(queue, desired.entryExchange) && !wanted.has(queue.name));
  const [goes, stays] = [
    unwanted.filter((queue) => pruneNonempty || queue.messages === 0),
    unwanted.filter((queue) => !pruneNonempty && queue.messages !== 0),
  ];
  return {
    make,
    remove: goes.map((queue) => removeQueue(queue, { virtualHost: desired.virtualHost, pruneNonempty })),
    problems,
    notes: stays.map(keptNote),
  };
}

function makeQueue(name: string, { virtualHost, queueType, entryExchange }: DesiredTopology): Step {
  return {
    text: `make the ${queueType} queue ${JSON.stringify(name)}`,
    request: {
      method: 'PUT',
      path: apiPath('queues', virtualHost, name),
      body: { durable: true, auto_delete: false, arguments: { 'x-queue-type': queueType, [MARK]: entryExchange } },
    },
  };
}

function removeQueue(
  queue: ActualQueue,
  { virtualHost, pruneNonempty }: { readonly virtualHost: string; readonly pruneNonempty: boolean },
): Step {
  // The count may be some seconds old; the broker itself looks again, but it does so for classic queues only.
  const condition = !pruneNonempty && typeOf(queue) === 'classic' ? '?if-empty=true' : '';
  const loss = queue.messages === 0 ? 'empty' : `with ${queue.messages ?? 'an unknown number of'} messages`;
  return {
    text: `remove the queue ${JSON.stringify(queue.name)} (${loss})`,
    request: { method: 'DELETE', path: `${apiPath('queues', virtualHost, queue.name)}${condition}` },
  };
}

function keptNote({ name, messages }: ActualQueue): string {
  if (messages === undefined) return `the queue ${JSON.stringify(name)} is no longer wanted; it goes once the broker has counted it`;
  return (
    `the queue ${JSON.stringify(name)} is no longer wanted, and stays for the ${messages} messages in it: ` +
    '--prune-nonempty removes it with them'
  );
}

function faultsOf(queue: ActualQueue, { queueType }: DesiredTopology): readonly string[] {
  const name = JSON.stringify(queue.name);
  const faults: string[] = [];
  if (typeOf(queue) !== queueType) {
    faults.push(
      `the queue ${name} is of type ${typeOf(queue)}, and ORCHESTRATOR_BROKER_QUEUE_TYPE says ${queueType}: ` +
        'it is left as it is; empty and delete it, and it is made anew',
    );
  }
  if (!queue.durable || queue.auto_delete || queue.exclusive) {
    faults.push(`the queue ${name} does not outlive the broker or its consumers: delete it, and it is made anew`);
  }
  const limits = LIMITS.filter((argument) => argument in queue.arguments);
  if (limits.length > 0) faults.push(`the queue ${name} loses events by its ${limits.join(', ')}: delete it, and it is made anew`);
  return faults;
}

function typeOf(queue: ActualQueue): string {
  return queue.type ?? 'classic';
}

import { ComputeTaskAction, ComputeTaskStatus, type Event, OrchestrationError, procedures } from '@orchestrator/lib';
import { buildNewComputePlan, buildNewModel, createRandom, explainHistory, GRPC_STATUS, type HeardOutcome, type RecordedCall, SharedWork, type WorkItem } from '@orchestrator/testing';
import { DatabaseProxy } from '@orchestrator/tools';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, callerOf, createMigratedDatabase, openMode, type Scene, setScene, takeEvents } from './spec-support.ts';
import type { StandaloneMode } from './standalone-mode.ts';

const { TASK_ACTION_DONE, TASK_ACTION_EXECUTING, TASK_ACTION_FAILED } = ComputeTaskAction;
const { STATUS_WAITING_FOR_EXECUTOR_SLOT } = ComputeTaskStatus;
const CLIENTS = 24;
const CALLS = process.env['ORCHESTRATOR_TEST_EXTENDED'] === '1' ? 4000 : 700;
const TIMEOUT_MS = 120_000;

const stack = new AsyncDisposableStack();
const random = createRandom(11);
let proxy: DatabaseProxy;
let mode: StandaloneMode;
let scene: Scene;

beforeAll(async () => {
  const database = stack.use(await createMigratedDatabase());
  proxy = stack.use(await DatabaseProxy.start(database.url));
  mode = stack.use(openMode(proxy.url, { start: false }));
  scene = await setScene(mode, 1);
  // Whatever is prepared once is not counted below.
  await together(8, () => register());
});

afterAll(async () => {
  await stack.disposeAsync();
});

const register = (changed: object = {}): Promise<unknown> => call(mode, 'RegisterTasks', { tasks: [scene.task(changed)] });
const apply = (computeTaskKey: string, action: number): Promise<unknown> => call(mode, 'ApplyTaskAction', { computeTaskKey, action, log: '' });

function together(count: number, work: (index: number) => Promise<unknown>): Promise<unknown[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => work(index)));
}

async function newTask(changed: object = {}): Promise<string> {
  const task = scene.task(changed);
  await call(mode, 'RegisterTasks', { tasks: [task] });
  return task.key;
}

const childOf = (parentTaskKey: string): object => ({
  inputs: [{ identifier: 'model', ref: { $case: 'parentTaskOutput', value: { parentTaskKey, outputIdentifier: 'model' } } }],
});

async function statusOf(key: string): Promise<number> {
  return (await call<{ status: number }>(mode, 'GetTask', { key })).status;
}

async function eventsOf(assetKey: string): Promise<readonly Event[]> {
  const param = { pageToken: '', pageSize: 10, sort: 0, filter: { assetKey, metadata: new Map() } };
  return (await call<{ events: Event[] }>(mode, 'QueryEvents', param)).events;
}

describe('requests of one transaction share their statements', () => {
  it('registrations: begin, lock, head, references, tasks, events, commit', async () => {
    proxy.reset();
    await together(8, () => register());
    expect(proxy.counts).toMatchObject({ statements: 7, roundTrips: 2 });
  });

  it('different calls on different tasks', async () => {
    const keys = await Promise.all(Array.from({ length: 8 }, () => newTask()));
    await together(4, (index) => apply(keys[index] ?? '', TASK_ACTION_EXECUTING));
    const [first = '', second = ''] = keys;
    proxy.reset();
    await Promise.all([
      register(),
      ...keys.slice(4).map((key) => apply(key, TASK_ACTION_EXECUTING)),
      apply(first, TASK_ACTION_DONE),
      call(mode, 'RegisterModels', { models: [buildNewModel(random, { computeTaskKey: second })] }),
    ]);
    expect(proxy.counts.statements).toBeLessThanOrEqual(15);
  });

  it('one alone costs what it did', async () => {
    proxy.reset();
    await register();
    expect(proxy.counts).toMatchObject({ statements: 7, roundTrips: 2 });
  });
});

describe('requests of one transaction that meet', () => {
  it('of two registrations of one key one is refused', async () => {
    const task = scene.task();
    const ends = await Promise.allSettled([1, 2, 3].map(() => call(mode, 'RegisterTasks', { tasks: [task] })));
    expect(ends.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected', 'rejected']);
    for (const end of ends) if (end.status === 'rejected') expect(end.reason).toMatchObject({ code: 'OE0006' });
  });

  it('a task and its child are registered, the parent first', async () => {
    const parent = scene.task();
    const ends = await Promise.allSettled([
      call(mode, 'RegisterTasks', { tasks: [parent] }),
      register(childOf(parent.key)),
    ]);
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
  });

  it('a parent ends and gets a child: the child does not wait for ever', async () => {
    for (let round = 0; round < 4; round += 1) {
      const parent = await newTask();
      await apply(parent, TASK_ACTION_EXECUTING);
      const child = scene.task(childOf(parent));
      const add = () => call(mode, 'RegisterTasks', { tasks: [child] });
      const end = () => apply(parent, TASK_ACTION_DONE);
      await Promise.all(round % 2 === 0 ? [add(), end()] : [end(), add()]);
      expect(await statusOf(child.key)).toBe(STATUS_WAITING_FOR_EXECUTOR_SLOT);
    }
  });

  it('the last two parents of a child end at once: it is released once', async () => {
    const parents = await Promise.all([newTask(), newTask()]);
    await Promise.all(parents.map((key) => apply(key, TASK_ACTION_EXECUTING)));
    const inputs = parents.flatMap((key) => (childOf(key) as { inputs: object[] }).inputs);
    const child = await newTask({ inputs });
    await Promise.all(parents.map((key) => apply(key, TASK_ACTION_DONE)));
    expect(await statusOf(child)).toBe(STATUS_WAITING_FOR_EXECUTOR_SLOT);
    expect(await eventsOf(child)).toHaveLength(2);
  });

  it('of two models for an output that takes one, one is refused', async () => {
    const computeTaskKey = await newTask();
    await apply(computeTaskKey, TASK_ACTION_EXECUTING);
    const registerModel = () => call(mode, 'RegisterModels', { models: [buildNewModel(random, { computeTaskKey })] });
    const ends = await Promise.allSettled([registerModel(), registerModel()]);
    expect(ends.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  });

  it('two tasks of a plan fail at once: the plan fails once', async () => {
    const plan = buildNewComputePlan(random);
    await call(mode, 'RegisterPlan', plan);
    const keys = await Promise.all([1, 2].map(() => newTask({ computePlanKey: plan.key })));
    await Promise.all(keys.map((key) => apply(key, TASK_ACTION_EXECUTING)));
    await Promise.all(keys.map((key) => apply(key, TASK_ACTION_FAILED)));
    expect(await eventsOf(plan.key)).toHaveLength(2);
  });

  it('a refusal beside others changes nothing of theirs', async () => {
    const ends = await Promise.allSettled([register(), register({ functionKey: scene.newKey() }), register()]);
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('a repetition with its key beside the original gets the same answer', async () => {
    const task = scene.task();
    const caller = callerOf({ idempotencyKey: 'twice' });
    const [one, other] = await Promise.all([1, 2].map(() => call(mode, 'RegisterTasks', { tasks: [task] }, caller)));
    expect(one).toEqual(other);
  });
});

describe('many clients at once', () => {
  it('one order of their calls explains all answers and events', { timeout: TIMEOUT_MS }, async () => {
    const organizations = ['MyOrg1MSP', 'MyOrg2MSP'];
    const work = new SharedWork({ seed: 3, organizations });
    const calls: RecordedCall[] = [];
    let moment = 0;
    const make = async ({ mspid, procedure, request, answered }: WorkItem): Promise<void> => {
      const sentAt = ++moment;
      const outcome = await attempt(procedure, request, mspid);
      if (outcome.kind === 'answered') answered();
      calls.push({ channel: 'shared', mspid, procedure, request, sentAt, heardAt: ++moment, outcome });
    };
    for (const item of work.preparation()) await make(item);
    let left = CALLS;
    const client = async (index: number): Promise<void> => {
      while (left-- > 0) await make(work.next(organizations[index % 2] ?? ''));
    };
    await together(CLIENTS, client);

    const events = await wholeLog('shared');
    const transactions = new Map(events.map(({ id, timestamp }) => [id, `${timestamp?.seconds}.${timestamp?.nanos}`]));
    const explained = explainHistory({ channel: 'shared', calls, events, transactionOf: (id) => transactions.get(id) ?? '', visibleAt: 'every-server' });
    expect(explained.answered + explained.refused + explained.reads).toBe(calls.length);
    expect(Math.min(explained.answered, explained.refused, explained.reads)).toBeGreaterThan(CALLS / 50);
  });
});

async function attempt(name: string, request: object, mspid: string): Promise<HeardOutcome> {
  const procedure = procedures.find(({ service, method }) => `${service}/${method}` === name);
  if (procedure === undefined) throw new Error(`no procedure ${name}`);
  const { signal } = new AbortController();
  try {
    const caller = callerOf({ channel: 'shared', mspid });
    return { kind: 'answered', bytes: await mode.call({ procedure, request, caller, signal, deadlineMs: Infinity }) };
  } catch (error) {
    if (!(error instanceof OrchestrationError)) throw error;
    return { kind: 'refused', code: GRPC_STATUS[error.code], message: error.message };
  }
}

async function wholeLog(channel: string): Promise<readonly Event[]> {
  const marker = scene.newKey();
  await call(mode, 'RegisterPlan', { key: marker, name: 'last', tag: '', metadata: new Map() }, callerOf({ channel }));
  const subscription = await mode.subscribe(callerOf({ channel }), '');
  const events: Event[] = [];
  while (events.at(-1)?.assetKey !== marker) events.push(...(await takeEvents(subscription, 1)));
  await subscription[Symbol.asyncDispose]();
  return events.slice(0, -1);
}

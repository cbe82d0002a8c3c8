import { ComputeTaskAction as Action, type ComputeTask, ComputeTaskStatus as Status } from '@orchestrator/lib';
import { all, assert, nameOf, refuses, type RefusalName } from '../assert.ts';
import { everybody, fromParent, mapOf, newKey, output } from '../assets.ts';
import type { Caller } from '../client.ts';
import type { Context } from '../context.ts';
import { changesDuring } from '../event-log.ts';
import { act, at, finish, type FunctionGoal, openWorkshop, type Workshop } from '../flows.ts';
import { scenario } from '../scenario.ts';

type Role = 'owner' | 'worker' | 'stranger';

const statuses = Object.keys(Status).filter((name) => name !== 'STATUS_UNKNOWN') as (keyof typeof Status)[];
const final = ['STATUS_DONE', 'STATUS_FAILED', 'STATUS_CANCELED'];
const actions = [
  Action.TASK_ACTION_EXECUTING,
  Action.TASK_ACTION_DONE,
  Action.TASK_ACTION_FAILED,
  Action.TASK_ACTION_CANCELED,
];
const { TASK_ACTION_EXECUTING, TASK_ACTION_DONE } = Action;

const transitionNames: Readonly<Record<number, string>> = {
  [Action.TASK_ACTION_EXECUTING]: 'transitionExecuting',
  [Action.TASK_ACTION_DONE]: 'transitionDone',
  [Action.TASK_ACTION_FAILED]: 'transitionFailed',
  [Action.TASK_ACTION_CANCELED]: 'transitionCanceled',
};

/** Whether the role may ask for the action, and where the action leads: the rows of the state machine. */
function mayAsk(role: Role, action: Action): boolean {
  const forWorker = action === TASK_ACTION_EXECUTING || action === TASK_ACTION_DONE;
  return role === 'worker' || (role === 'owner' && !forWorker);
}

function target(from: string, action: Action): string | undefined {
  if (action === TASK_ACTION_EXECUTING)
    return from === 'STATUS_WAITING_FOR_EXECUTOR_SLOT' ? 'STATUS_EXECUTING' : undefined;
  if (action === TASK_ACTION_DONE) return from === 'STATUS_EXECUTING' ? 'STATUS_DONE' : undefined;
  if (final.includes(from)) return undefined;
  return action === Action.TASK_ACTION_FAILED ? 'STATUS_FAILED' : 'STATUS_CANCELED';
}

/** The status of the function that brings its tasks into a status. */
function goalOf(status: string): FunctionGoal {
  if (status === 'STATUS_WAITING_FOR_BUILDER_SLOT') return 'waiting';
  return status === 'STATUS_BUILDING' ? 'building' : 'ready';
}

const pathTo: Readonly<Record<string, readonly Action[]>> = {
  STATUS_EXECUTING: [TASK_ACTION_EXECUTING],
  STATUS_DONE: [TASK_ACTION_EXECUTING, TASK_ACTION_DONE],
  STATUS_FAILED: [Action.TASK_ACTION_FAILED],
  STATUS_CANCELED: [Action.TASK_ACTION_CANCELED],
};

async function taskIn(shop: Workshop, status: string, worker: Caller): Promise<string> {
  const inputs = status === 'STATUS_WAITING_FOR_PARENT_TASKS' ? [fromParent(await openTask(shop))] : [];
  const { key } = await shop.register({ worker: worker.mspid, inputs });
  await act(worker, key, ...(pathTo[status] ?? []));
  return key;
}

async function openTask(shop: Workshop): Promise<string> {
  return (await shop.register({ outputs: mapOf({ model: output(everybody) }) })).key;
}

/** Tries every action on a task in that status, as one role; fresh tasks where it succeeds. */
async function tryRow(shop: Workshop, from: string, role: Role, context: Context): Promise<void> {
  const { org1, org2 } = context;
  // Owner and worker differ for the first two roles; the stranger is an organization that is neither.
  const worker = role === 'stranger' ? org1 : org2;
  const caller = role === 'owner' ? org1 : org2;
  const refusedOn = await taskIn(shop, from, worker);
  await all(
    actions.map((action) => [`${role} ${nameOf(Action, action)}`, action] as const),
    async (action) => {
      const to = mayAsk(role, action) ? target(from, action) : undefined;
      const computeTaskKey = to === undefined ? refusedOn : await taskIn(shop, from, worker);
      const call = caller.call('ApplyTaskAction', { computeTaskKey, action, log: '' });
      if (to !== undefined) await call;
      else
        await refuses(
          call,
          refusalOf(role, action),
          refusalOf(role, action) === 'PermissionDenied' ? '' : said(action, from),
        );
      assert.equal(await statusOf(org1, computeTaskKey), to ?? from);
    },
  );
}

function refusalOf(role: Role, action: Action): RefusalName {
  return mayAsk(role, action) ? 'IncompatibleTaskStatus' : 'PermissionDenied';
}

function said(action: Action, from: string): string {
  return `event ${transitionNames[action]} inappropriate in current state ${from}`;
}

async function statusOf(caller: Caller, key: string): Promise<string> {
  return nameOf(Status, (await caller.call('GetTask', { key })).status);
}

const labelsOf = (tasks: readonly ComputeTask[]): Record<string, string> =>
  Object.fromEntries(tasks.map(({ key }, index) => [`t${index}`, key]));

export const taskStates = [
  ...statuses.map((from) =>
    scenario(`${from}: every action by every role does what the table says`, async (context) => {
      const shop = await openWorkshop(context.org1, {}, goalOf(from));
      const roles = (['owner', 'worker', 'stranger'] as const).map((role) => [from, role] as const);
      await all(roles, (role) => tryRow(shop, from, role, context));
    }),
  ),
  scenario('an unknown task is not found', async ({ org1 }) => {
    for (const action of actions)
      await refuses(org1.call('ApplyTaskAction', { computeTaskKey: newKey(), action }), 'NotFound');
    await refuses(org1.call('GetTask', { key: newKey() }), 'NotFound');
  }),
  scenario('a task goes from registration to DONE, each step an event with its reason', async ({ org1 }) => {
    const { register } = await openWorkshop(org1);
    const { key } = await register();
    const changes = await changesDuring(org1, { t: key }, async () => {
      await org1.call('ApplyTaskAction', { computeTaskKey: key, action: TASK_ACTION_EXECUTING, log: 'picked up' });
      await org1.call('ApplyTaskAction', { computeTaskKey: key, action: TASK_ACTION_DONE, log: '' });
    });
    assert.deepEqual(changes, [
      't: COMPUTE_TASK UPDATED STATUS_EXECUTING (picked up)',
      't: COMPUTE_TASK UPDATED STATUS_DONE (User action)',
    ]);
  }),
  scenario('DONE lets the children go whose parents are all DONE, by creation date', async ({ org1 }) => {
    const { register } = await openWorkshop(org1);
    const [first, second] = [await register(), await register()];
    const both = await register({ inputs: [fromParent(first.key), fromParent(second.key)] });
    const mine = await register({ inputs: [fromParent(second.key)] });
    const last = await register({ inputs: [fromParent(second.key), fromParent(second.key)] });
    const tasks = [first, second, both, mine, last];
    await finish(org1, first.key);
    await act(org1, second.key, TASK_ACTION_EXECUTING);
    const reason = `(Last parent task ${second.key} done)`;
    assert.deepEqual(await changesDuring(org1, labelsOf(tasks), () => act(org1, second.key, TASK_ACTION_DONE)), [
      't1: COMPUTE_TASK UPDATED STATUS_DONE (User action)',
      ...['t2', 't3', 't4'].map((name) => `${name}: COMPUTE_TASK UPDATED STATUS_WAITING_FOR_EXECUTOR_SLOT ${reason}`),
    ]);
  }),
  scenario('DONE leaves the children that are not waiting for it', async ({ org1 }) => {
    const ready = await openWorkshop(org1);
    const waiting = await openWorkshop(org1, {}, 'waiting');
    const parent = await ready.register();
    const other = await ready.register();
    const inputs = [fromParent(parent.key)];
    const built = await waiting.register({ inputs });
    const canceled = await ready.register({ inputs });
    const half = await ready.register({ inputs: [...inputs, fromParent(other.key)] });
    await act(org1, canceled.key, Action.TASK_ACTION_CANCELED);
    const labels = labelsOf([parent, built, canceled, half]);
    const changes = await changesDuring(org1, labels, () => finish(org1, parent.key));
    assert.deepEqual(
      changes.map((change) => change.slice(0, 2)),
      ['t0', 't0'],
    );
  }),
  scenario('children in one batch are let go in the order of their keys', async ({ org1 }) => {
    const { register, task } = await openWorkshop(org1);
    const parent = await register();
    const batch = Array.from({ length: 5 }, () => task({ inputs: [fromParent(parent.key)] }));
    const { tasks } = await org1.call('RegisterTasks', { tasks: batch });
    await act(org1, parent.key, TASK_ACTION_EXECUTING);
    const sorted = tasks.toSorted((a, b) => (a.key < b.key ? -1 : 1));
    const changes = await changesDuring(org1, labelsOf(sorted), () => act(org1, parent.key, TASK_ACTION_DONE));
    assert.deepEqual(
      changes.map((change) => change.slice(0, 2)),
      ['t0', 't1', 't2', 't3', 't4'],
    );
  }),
  scenario('children over plans and organizations are let go', async ({ org1, org2 }) => {
    const mine = await openWorkshop(org1);
    const theirs = await openWorkshop(org2);
    const parent = await mine.register({ outputs: mapOf({ model: output(everybody) }) });
    const child = await theirs.register({ inputs: [fromParent(parent.key)] });
    await finish(org1, parent.key);
    assert.equal(await statusOf(org1, child.key), 'STATUS_WAITING_FOR_EXECUTOR_SLOT');
  }),
  scenario('children of a failed or canceled task keep their status', async ({ org1 }) => {
    const { register } = await openWorkshop(org1);
    for (const action of [Action.TASK_ACTION_FAILED, Action.TASK_ACTION_CANCELED]) {
      const parent = await register();
      const child = await register({ inputs: [fromParent(parent.key)] });
      await act(org1, parent.key, action);
      assert.deepEqual(await org1.call('GetTask', { key: child.key }), child);
    }
  }),
  scenario('a change of status changes nothing else of the task', async ({ org1 }) => {
    const { register } = await openWorkshop(org1);
    const task = await register({ metadata: mapOf({ foo: 'bar' }) });
    await finish(org1, task.key);
    const done = await org1.call('GetTask', { key: task.key });
    assert.deepEqual(done, { ...task, status: Status.STATUS_DONE });
  }),
  scenario('a log of many thousand characters is kept whole', async ({ org1 }) => {
    const { register } = await openWorkshop(org1);
    const { key } = await register();
    const log = `${'é'.repeat(20_000)} 🙂`;
    await org1.call('ApplyTaskAction', { computeTaskKey: key, action: Action.TASK_ACTION_CANCELED, log });
    const { events } = await org1.call('QueryEvents', { filter: { assetKey: key } });
    assert.equal(at(events, -1).metadata.get('reason'), log);
  }),
];

import type { Permission } from '@orchestrator/lib';
import { all, assert, refuses } from '../assert.ts';
import {
  direct,
  everybody,
  fromParent,
  managerInput,
  mapOf,
  modelOutput,
  models,
  newDataManager,
  newFunction,
  newTask,
  nobodyElse,
  onlyFor,
  output,
  samplesInput,
} from '../assets.ts';
import type { Caller } from '../client.ts';
import type { Context } from '../context.ts';
import {
  openWorkshop,
  registerDataManager,
  registerDataSample,
  registerFunction,
  registerPlan,
  registerTask,
} from '../flows.ts';
import { scenario } from '../scenario.ts';

const dataFunction = { inputs: mapOf({ manager: managerInput, samples: samplesInput, parents: models }) };

/** What is asked for, by organization ids, and what must come of it when org1 asks. */
function permissionCases({ org1, org2 }: Context): (readonly [string, { given: Permission; made: Permission }])[] {
  const [one, two] = [org1.mspid, org2.mspid];
  const row = (isPublic: boolean, given: string[], made: string[]) =>
    [
      `${isPublic ? 'public' : 'private'} [${given.join()}]`,
      { given: { public: isPublic, authorizedIds: given }, made: { public: isPublic, authorizedIds: made } },
    ] as const;
  return [
    row(false, [], [one]),
    row(false, [two], [two, one]),
    row(false, [one, two], [one, two]),
    row(false, [two, one], [two, one]),
    row(true, [], [one]),
    row(true, ['NobodyMSP'], ['NobodyMSP', one]),
  ];
}

export const permissions = [
  scenario(
    'the ids are kept in order and the owner is appended, for processing and downloading alike',
    async (context) => {
      const { org1 } = context;
      await all(permissionCases(context), async ({ given, made }) => {
        const answer = await org1.call('RegisterFunction', newFunction({ newPermissions: given }));
        assert.deepEqual(answer.permissions, { process: made, download: made });
        const manager = await org1.call(
          'RegisterDataManager',
          newDataManager({ newPermissions: given, logsPermission: given }),
        );
        assert.deepEqual(manager.permissions, { process: made, download: made });
        assert.deepEqual(manager.logsPermission, made);
      });
    },
  ),
  scenario('the owner of an output is the owner of its task', async (context) => {
    const { org1, org2 } = context;
    const { register } = await openWorkshop(org1);
    await all(permissionCases(context), async ({ given, made }) => {
      const task = await register({ worker: org2.mspid, outputs: mapOf({ model: output(given) }) });
      assert.deepEqual(task.outputs.get('model')?.permissions, { process: made, download: made });
    });
  }),
  scenario('an id of a private permission must be a registered organization', async ({ org1, org2 }) => {
    const newPermissions = onlyFor(org2.mspid, 'NobodyMSP');
    await refuses(org1.call('RegisterFunction', newFunction({ newPermissions })), 'BadRequest');
    await refuses(org1.call('RegisterDataManager', newDataManager({ newPermissions })), 'BadRequest');
    await refuses(org1.call('RegisterDataManager', newDataManager({ logsPermission: newPermissions })), 'BadRequest');
    const { task } = await openWorkshop(org1);
    const tasks = [task({ outputs: mapOf({ model: output(newPermissions) }) })];
    await refuses(org1.call('RegisterTasks', { tasks }), 'BadRequest');
  }),
  scenario(
    'a function may be used by its owner, by authorized organizations, and by all when public',
    async ({ org1, org2 }) => {
      const { key: computePlanKey } = await registerPlan(org2);
      const use = async (newPermissions: Permission): Promise<unknown> => {
        const { key: functionKey } = await registerFunction(org1, { newPermissions });
        return registerTask(org2, { functionKey, computePlanKey });
      };
      await refuses(use(nobodyElse), 'PermissionDenied');
      await refuses(use(onlyFor(org1.mspid)), 'PermissionDenied');
      await use(onlyFor(org2.mspid));
      await use(everybody);
      await (await openWorkshop(org1, { newPermissions: nobodyElse })).register();
    },
  ),
  scenario('an existing key is told before its permissions are', async ({ org1 }) => {
    const newPermissions = onlyFor('NobodyMSP');
    const { key } = await registerFunction(org1, {}, 'waiting');
    await refuses(org1.call('RegisterFunction', newFunction({ key, newPermissions })), 'Conflict');
    const manager = await registerDataManager(org1);
    const again = newDataManager({ key: manager.key, newPermissions });
    await refuses(org1.call('RegisterDataManager', again), 'Conflict');
  }),
  scenario('every organization of the channel reads private assets', async ({ org1, org2 }) => {
    const { functionKey, register } = await openWorkshop(org1, { newPermissions: nobodyElse });
    const { key } = await register();
    assert.equal((await org2.call('GetFunction', { key: functionKey })).owner, org1.mspid);
    assert.equal((await org2.call('GetTask', { key })).owner, org1.mspid);
    const { events } = await org2.call('QueryEvents', { filter: { assetKey: key } });
    assert.equal(events.length, 1);
  }),
  scenario(
    'the logs of a task are open to whom its data manager says, whatever its parents say',
    async ({ org1, org2 }) => {
      const first = await taskOnData(org1, onlyFor(org2.mspid));
      assert.deepEqual(first.logsPermission, { public: false, authorizedIds: [org2.mspid, org1.mspid] });
      const child = await taskOnData(org1, nobodyElse, first.key);
      assert.deepEqual(child.logsPermission, { public: false, authorizedIds: [org1.mspid] });
    },
  ),
  scenario(
    'without a data manager the logs are open to the owner and to whom the parents say',
    async ({ org1, org2 }) => {
      const mine = await taskOnData(org1, nobodyElse);
      const shared = await taskOnData(org1, onlyFor(org2.mspid));
      const open = await taskOnData(org1, onlyFor(), undefined, true);
      await logsOfChild(org2, [mine.key], [org1.mspid, org2.mspid]);
      await logsOfChild(org1, [mine.key, shared.key], [org1.mspid, org2.mspid]);
      await logsOfChild(org1, [mine.key], [org1.mspid]);
      await logsOfChild(org1, [], [org1.mspid]);
      await logsOfChild(org1, [mine.key, open.key], 'public');
    },
  ),
];

/** A task of the caller on a data manager of its own with that logs permission. */
async function taskOnData(
  owner: Caller,
  logs: Permission,
  parent?: string,
  open = false,
): Promise<{
  readonly key: string;
  readonly logsPermission: Permission | undefined;
}> {
  const { key: manager } = await registerDataManager(owner, { logsPermission: { ...logs, public: open } });
  const { key: sample } = await registerDataSample(owner, { dataManagerKeys: [manager] });
  const { register } = await openWorkshop(owner, { ...dataFunction, outputs: mapOf({ model: modelOutput }) });
  const parents = parent === undefined ? [] : [fromParent(parent)];
  return register({
    worker: '',
    inputs: [direct('manager', manager), direct('samples', sample), ...parents],
    outputs: mapOf({ model: output(everybody) }),
  });
}

async function logsOfChild(
  owner: Caller,
  parents: readonly string[],
  expected: readonly string[] | 'public',
): Promise<void> {
  const { functionKey, computePlanKey } = await openWorkshop(owner);
  const inputs = parents.map((parent) => fromParent(parent));
  const tasks = [newTask({ functionKey, computePlanKey, worker: owner.mspid, inputs })];
  const [child] = (await owner.call('RegisterTasks', { tasks })).tasks;
  const logs = child?.logsPermission;
  assert.equal(logs?.public, expected === 'public');
  // The order of a union is not laid down, only that it is always the same.
  assert.deepEqual(logs?.authorizedIds.toSorted(), expected === 'public' ? [] : expected.toSorted());
}

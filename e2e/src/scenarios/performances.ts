import { AssetKind, ComputeTaskAction as Action } from '@orchestrator/lib';
import { all, assert, refuses } from '../assert.ts';
import { everybody, mapOf, modelOutput, newKey, output, performanceOutput } from '../assets.ts';
import type { Caller } from '../client.ts';
import { eventsDuring, inWords } from '../event-log.ts';
import { act, at, only, openWorkshop } from '../flows.ts';
import { scenario } from '../scenario.ts';

const values = [
  0,
  -0,
  0.1,
  -1.5,
  1e-45,
  3.4028234663852886e38,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
];

/** An EXECUTING task with that many performance outputs, `p0` and on, and one `model`. */
async function executing(owner: Caller, worker: Caller, count = 2): Promise<string> {
  const names = Array.from({ length: count }, (_, index) => `p${index}`);
  const kinds = Object.fromEntries(names.map((name) => [name, performanceOutput]));
  const outputs = Object.fromEntries([...names, 'model'].map((name) => [name, output(everybody)]));
  const { register } = await openWorkshop(owner, { outputs: mapOf({ ...kinds, model: modelOutput }) });
  const { key } = await register({ worker: worker.mspid, outputs: mapOf(outputs) });
  await act(worker, key, Action.TASK_ACTION_EXECUTING);
  return key;
}

function register(
  caller: Caller,
  computeTaskKey: string,
  computeTaskOutputIdentifier = 'p0',
  performanceValue = 1,
): Promise<unknown> {
  return caller.call('RegisterPerformance', { computeTaskKey, computeTaskOutputIdentifier, performanceValue });
}

export const performances = [
  scenario('every float32 is kept exactly, also those that are not finite', async ({ org1, org2 }) => {
    const key = await executing(org1, org1, values.length);
    const cases = values.map((value, index) => [`${Object.is(value, -0) ? '-0' : value}`, { value, index }] as const);
    await all(cases, async ({ value, index }) => {
      const identifier = `p${index}`;
      const answer = await org1.call('RegisterPerformance', {
        computeTaskKey: key,
        computeTaskOutputIdentifier: identifier,
        performanceValue: value,
      });
      const exact = Math.fround(value);
      assert.deepEqual(answer, {
        computeTaskKey: key,
        computeTaskOutputIdentifier: identifier,
        performanceValue: exact,
        creationDate: answer.creationDate,
      });
      const filter = { computeTaskKey: key, computeTaskOutputIdentifier: identifier };
      assert.deepEqual((await org2.call('QueryPerformances', { filter })).Performances, [answer]);
    });
  }),
  scenario('a performance makes two events, and its key names task and output', async ({ org1 }) => {
    const key = await executing(org1, org1);
    const labels = { task: key, auc: `${key}|p0` };
    const events = await eventsDuring(org1, labels, () => register(org1, key, 'p0', Number.NaN));
    assert.deepEqual(
      events.map((event) => inWords(event, labels)),
      ['auc: PERFORMANCE CREATED', 'task: COMPUTE_TASK_OUTPUT_ASSET CREATED'],
    );
    const stored = only((await org1.call('QueryPerformances', { filter: { computeTaskKey: key } })).Performances);
    assert.deepEqual(at(events, 0).asset, { $case: 'performance', value: stored });
    assert.deepEqual(at(events, 1).asset, {
      $case: 'computeTaskOutputAsset',
      value: {
        computeTaskKey: key,
        computeTaskOutputIdentifier: 'p0',
        assetKind: AssetKind.ASSET_PERFORMANCE,
        assetKey: labels.auc,
      },
    });
  }),
  scenario("the task must exist, be the worker's and EXECUTING, in that order", async ({ org1, org2 }) => {
    const key = await executing(org1, org2);
    const waiting = await (await openWorkshop(org1)).register({ worker: org2.mspid });
    await refuses(register(org2, newKey()), 'NotFound');
    await refuses(register(org1, key), 'PermissionDenied');
    await refuses(register(org1, waiting.key), 'PermissionDenied');
    await refuses(register(org2, waiting.key, 'unknown'), 'BadRequest');
    await act(org2, key, Action.TASK_ACTION_DONE);
    await refuses(register(org2, key), 'BadRequest');
  }),
  scenario('the output must exist, be a performance, and have none yet', async ({ org1 }) => {
    const key = await executing(org1, org1);
    await refuses(register(org1, key, 'unknown'), 'MissingTaskOutput');
    await refuses(register(org1, key, 'model'), 'IncompatibleKind');
    await register(org1, key, 'p1');
    await refuses(register(org1, key, 'p1', 2), 'Conflict');
    await register(org1, key, 'p0');
  }),
  scenario(
    'performances are filtered by task and output, ordered by date, then task, then output',
    async ({ org1 }) => {
      const [one, two] = [await executing(org1, org1, 3), await executing(org1, org1, 3)];
      for (const [key, identifier] of [
        [one, 'p2'],
        [two, 'p0'],
        [one, 'p0'],
        [one, 'p1'],
        [two, 'p2'],
      ] as const)
        await register(org1, key, identifier);
      const list = async (filter: object): Promise<string[]> => {
        const answer = await org1.call('QueryPerformances', { filter, pageSize: 10_000 });
        return answer.Performances.map(({ computeTaskOutputIdentifier }) => computeTaskOutputIdentifier);
      };
      assert.deepEqual(await list({ computeTaskKey: one }), ['p2', 'p0', 'p1']);
      assert.deepEqual(await list({ computeTaskKey: two }), ['p0', 'p2']);
      assert.deepEqual(await list({ computeTaskKey: one, computeTaskOutputIdentifier: 'p0' }), ['p0']);
      assert.deepEqual(await list({ computeTaskKey: two, computeTaskOutputIdentifier: 'p1' }), []);
      assert.deepEqual(await list({ computeTaskKey: newKey() }), []);
    },
  ),
];

import { status } from '@grpc/grpc-js';
import {
  ComputePlanAction,
  ComputeTaskAction,
  ErrorType,
  FailedAssetKind,
  FunctionAction,
  procedures,
} from '@orchestrator/lib';
import { all, assert, checkRefusal, errorOf, refuses } from '../assert.ts';
import { address, fromParent, mapOf, newDataSample, newKey, newPlan } from '../assets.ts';
import type { Caller } from '../client.ts';
import { openWorkshop, registerFunction, registerPlan } from '../flows.ts';
import type { Method, RequestOf } from '../methods.ts';
import { longScenario, scenario } from '../scenario.ts';

const TRUNCATED = Uint8Array.of(0x0a, 0x05, 0x61);
/** Field 15, which nothing uses, with a wire type that does not exist. */
const NO_WIRE_TYPE = Uint8Array.of(0x7f);

const withNul: readonly (readonly [string, Method, object])[] = [
  ['name', 'RegisterPlan', newPlan({ name: 'a\0b' })],
  ['tag', 'RegisterPlan', newPlan({ tag: '\0' })],
  ['metadata key', 'RegisterPlan', newPlan({ metadata: mapOf({ 'a\0': 'b' }) })],
  ['metadata value', 'RegisterPlan', newPlan({ metadata: mapOf({ a: 'b\0' }) })],
  ['key of a get', 'GetTask', { key: '\0' }],
  ['log', 'ApplyTaskAction', { computeTaskKey: newKey(), action: ComputeTaskAction.TASK_ACTION_CANCELED, log: 'a\0' }],
  ['filter', 'QueryTasks', { filter: { worker: 'a\0' } }],
  ['filter of events', 'QueryEvents', { filter: { metadata: mapOf({ reason: '\0' }) } }],
  ['page token', 'QueryFunctions', { pageToken: 'a\0' }],
  ['checksum', 'RegisterDataSamples', { samples: [newDataSample({ checksum: '\0'.repeat(64) })] }],
];

export const malformed = [
  scenario('bytes that are no message are refused by every procedure', async ({ org1 }) => {
    const unary = procedures.filter(({ kind }) => kind !== 'stream').map(({ method }) => [method, method] as const);
    await all(unary, async (method) => {
      await refuses(org1.send(method, TRUNCATED), 'InvalidAsset');
      await refuses(org1.send(method, NO_WIRE_TYPE), 'InvalidAsset');
    });
  }),
  scenario('text that is not UTF-8 is refused, never replaced', async ({ org1 }) => {
    const name = Buffer.from([0x9a, 0x01, 0x02, 0xc3, 0x28]);
    const key = Buffer.concat([Buffer.from([0x0a, 0x24]), Buffer.from(newKey())]);
    await refuses(org1.send('RegisterPlan', Buffer.concat([key, name])), 'InvalidAsset');
    await refuses(org1.send('GetPlan', Buffer.from([0x0a, 0x01, 0xff])), 'InvalidAsset');
    await refuses(org1.send('GetPlan', Buffer.from([0x0a, 0x03, 0xed, 0xa0, 0x80])), 'InvalidAsset');
  }),
  scenario('U+0000 is refused wherever there is text', async ({ org1 }) => {
    const cases = withNul.map(([name, method, request]) => [name, { method, request }] as const);
    await all(cases, ({ method, request }) =>
      refuses(org1.call(method, request as RequestOf<typeof method>), 'InvalidAsset'),
    );
    await using stream = org1.subscribe('a\0');
    checkRefusal(await stream.ending(), 'InvalidAsset');
  }),
  scenario('a batch that is empty is no validation error', async ({ org1 }) => {
    await refuses(org1.call('RegisterTasks', { tasks: [] }), 'BadRequest');
    await refuses(org1.call('RegisterModels', { models: [] }), 'BadRequest');
    await refuses(org1.call('RegisterDataSamples', { samples: [] }), 'BadRequest');
  }),
  scenario('a key that is no UUID is not found', ({ org1 }) => wrongKeys(org1)),
  scenario('a key that is no UUID matches nothing in a filter', async ({ org1 }) => {
    const wrong = 'no uuid';
    assert.deepEqual((await org1.call('QueryTasks', { filter: { computePlanKey: wrong } })).tasks, []);
    assert.deepEqual((await org1.call('QueryTasks', { filter: { functionKey: wrong } })).tasks, []);
    assert.deepEqual((await org1.call('QueryFunctions', { filter: { computePlanKey: wrong } })).Functions, []);
    assert.deepEqual((await org1.call('QueryDataSamples', { filter: { keys: [wrong] } })).dataSamples, []);
    assert.deepEqual((await org1.call('QueryPerformances', { filter: { computeTaskKey: wrong } })).Performances, []);
    assert.deepEqual((await org1.call('QueryEvents', { filter: { assetKey: wrong } })).events, []);
  }),
  scenario('an action that a function does not have is refused before the function is looked up', async ({ org1 }) => {
    const { key } = await registerFunction(org1, {}, 'waiting');
    for (const action of [FunctionAction.FUNCTION_ACTION_UNKNOWN, 99] as FunctionAction[]) {
      await refuses(org1.call('ApplyFunctionAction', { functionKey: key, action }), 'BadRequest');
      await refuses(org1.call('ApplyFunctionAction', { functionKey: newKey(), action }), 'BadRequest');
    }
  }),
  scenario('an action that a plan does not have is refused after its owner is checked', async ({ org1, org2 }) => {
    const { key } = await registerPlan(org1);
    for (const action of [0, 99] as never[]) {
      await refuses(org1.call('ApplyPlanAction', { key, action }), 'Unimplemented');
      await refuses(org2.call('ApplyPlanAction', { key, action }), 'PermissionDenied');
      await refuses(org1.call('ApplyPlanAction', { key: newKey(), action }), 'NotFound');
    }
  }),
  scenario('an action that a task does not have is refused after the task is found', async ({ org1, org2 }) => {
    const { register } = await openWorkshop(org1);
    const { key: computeTaskKey } = await register();
    for (const action of [0, 5, 6, 99] as ComputeTaskAction[]) {
      await refuses(org1.call('ApplyTaskAction', { computeTaskKey, action }), 'PermissionDenied');
      await refuses(org2.call('ApplyTaskAction', { computeTaskKey, action }), 'PermissionDenied');
      await refuses(org1.call('ApplyTaskAction', { computeTaskKey: newKey(), action }), 'NotFound');
    }
  }),
  scenario('a failure report about nothing is refused before the asset is looked up', async ({ org1 }) => {
    const report = { assetKey: newKey(), errorType: ErrorType.ERROR_TYPE_BUILD, logsAddress: address() };
    const assetType = FailedAssetKind.FAILED_ASSET_UNKNOWN;
    await refuses(org1.call('RegisterFailureReport', { ...report, assetType }), 'BadRequest');
  }),
  scenario('the request is checked before the store', async ({ org1, org2 }) => {
    const { key } = await registerPlan(org1);
    await refuses(org1.call('RegisterPlan', newPlan({ key, name: '' })), 'InvalidAsset');
    await refuses(org2.call('UpdatePlan', { key, name: '' }), 'InvalidAsset');
    await refuses(org1.call('UpdatePlan', { key: newKey(), name: '' }), 'InvalidAsset');
  }),
  scenario('a refusal is cut to what clients take, whatever the request said', async ({ org1 }) => {
    for (const key of ['🙂'.repeat(20_000), `a${'🙂'.repeat(20_000)}`, 'é\r\n%'.repeat(10_000)]) {
      await refuses(org1.call('GetTask', { key }), 'NotFound');
      await refuses(org1.call('RegisterPlan', newPlan({ key, name: key })), 'InvalidAsset');
    }
    const { task } = await openWorkshop(org1);
    const keys = Array.from({ length: 500 }, () => newKey());
    const tasks = keys.map((key, index) => task({ key, inputs: [fromParent(keys.at(index - 1) ?? key)] }));
    await refuses(org1.call('RegisterTasks', { tasks }), 'InvalidAsset', keys[0]);
  }),
  longScenario('a message that is too large is RESOURCE_EXHAUSTED', async ({ org1 }) => {
    const error = await errorOf(org1.send('RegisterPlan', Buffer.alloc(40 << 20, 0x0a)));
    assert.equal(error.code, status.RESOURCE_EXHAUSTED);
    assert.match(error.details, /message larger than max/);
  }),
];

async function wrongKeys(caller: Caller): Promise<void> {
  const key = 'NO UUID';
  const cases: (readonly [Method, object])[] = [
    ['GetFunction', { key }],
    ['GetDataManager', { key }],
    ['GetDataSample', { key }],
    ['GetDataset', { key }],
    ['GetPlan', { key }],
    ['IsPlanRunning', { key }],
    ['GetTask', { key }],
    ['GetModel', { key }],
    ['GetFailureReport', { assetKey: key }],
    ['GetTaskInputAssets', { computeTaskKey: key }],
    ['DisableOutput', { computeTaskKey: key, identifier: 'model' }],
    ['ApplyTaskAction', { computeTaskKey: key, action: ComputeTaskAction.TASK_ACTION_DONE }],
    ['ApplyFunctionAction', { functionKey: key, action: FunctionAction.FUNCTION_ACTION_READY }],
    ['ApplyPlanAction', { key, action: ComputePlanAction.PLAN_ACTION_CANCELED }],
  ];
  const named = cases.map(([method, request]) => [method, { method, request }] as const);
  await all(named, ({ method, request }) => refuses(caller.call(method, request as never), 'NotFound'));
}

import { describe, expect, it } from 'vitest';
import { AssetKind } from '../gen/orchestrator/common.ts';
import type { Addressable } from '../gen/orchestrator/common.ts';
import type { UpdateComputePlanParam } from '../gen/orchestrator/computeplan.ts';
import { NewComputePlan } from '../gen/orchestrator/computeplan.ts';
import { type ComputeTaskInput, type ComputeTaskStatus, NewComputeTask, QueryTasksParam } from '../gen/orchestrator/computetask.ts';
import type { UpdateDataManagerParam } from '../gen/orchestrator/datamanager.ts';
import { NewDataManager } from '../gen/orchestrator/datamanager.ts';
import type { UpdateDataSamplesParam } from '../gen/orchestrator/datasample.ts';
import { NewDataSample } from '../gen/orchestrator/datasample.ts';
import { EventQueryFilter, QueryEventsParam } from '../gen/orchestrator/event.ts';
import type { NewFailureReport } from '../gen/orchestrator/failure_report.ts';
import { ErrorType, FailedAssetKind } from '../gen/orchestrator/failure_report.ts';
import type { FunctionAction} from '../gen/orchestrator/function.ts';
import { type FunctionInput, type FunctionOutput, NewFunction, UpdateFunctionParam } from '../gen/orchestrator/function.ts';
import { NewModel } from '../gen/orchestrator/model.ts';
import { NewPerformance } from '../gen/orchestrator/performance.ts';
import type { ProfilingStep } from '../gen/orchestrator/profiling.ts';
import { validateNewComputePlan } from './compute-plan.ts';
import { validateQueryTasks, validateRegisterTasks } from './compute-task.ts';
import { validateNewDataManager } from './data-manager.ts';
import { validateRegisterDataSamples, validateUpdateDataSamples } from './data-sample.ts';
import { validateQueryEvents } from './event.ts';
import { validateNewFailureReport } from './failure-report.ts';
import { validateFunctionAction, validateNewFunction } from './function.ts';
import { validateNewModel, validateRegisterModels } from './model.ts';
import { validateRegisterOrganization } from './organization.ts';
import { validateNewPerformance } from './performance.ts';
import { validateProfilingStep } from './profiling.ts';
import { validateRename } from './rename.ts';

const key = '0a1b2c3d-0000-4000-8000-00000000000f';
const checksum = 'aB'.repeat(32);
const address: Addressable = { checksum, storageAddress: 'https://host.tld/asset' };
const permissions = { public: false, authorizedIds: [] };
const hundred = 'x'.repeat(100);
const tooLong = 'x'.repeat(101);
const tooManyBytes = 'é'.repeat(51);

/** Each case: what is changed of a valid request, and what the refusal must name; nothing when it is still valid. */
type Cases<T> = readonly (readonly [change: string, changed: Partial<T>, refusal?: string])[];

function describeRules<T>(name: string, validate: (request: T) => void, valid: T, cases: Cases<T>): void {
  describe(name, () => {
    it('is taken when it is valid', () => {
      expect(() => validate(valid)).not.toThrow();
    });
    for (const [change, changed, refusal] of cases) {
      it(change, () => {
        const check = (): void => validate({ ...valid, ...changed });
        if (refusal === undefined) expect(check).not.toThrow();
        else expect(check).toThrow(refusal);
      });
    }
  });
}

const badKeys: Cases<{ key: string }> = [
  ['key: missing', { key: '' }, 'OE0101: invalid request: key:'],
  ['key: capitals', { key: key.toUpperCase() }, 'key:'],
  ['key: no hyphens', { key: key.replaceAll('-', '') }, 'key:'],
  ['key: braces', { key: `{${key}}` }, 'key:'],
  ['key: a line feed behind', { key: `${key}\n` }, 'key:'],
  ['key: any version and variant', { key: 'ffffffff-ffff-ffff-ffff-ffffffffffff' }],
];

const badNames: Cases<{ name: string }> = [
  ['name: missing', { name: '' }, 'name:'],
  ['name: 101 bytes', { name: tooLong }, 'name:'],
  ['name: 102 bytes in 51 characters', { name: tooManyBytes }, 'name:'],
  ['name: 100 bytes', { name: hundred }],
  ['name: 100 bytes in 50 characters', { name: 'é'.repeat(50) }],
  ['name: any characters', { name: ' \u0001\n\u{1F600}' }],
];

const badMetadata: Cases<{ metadata: Map<string, string> }> = [
  ['metadata: a key of 101 bytes', { metadata: new Map([[tooLong, '']]) }, 'metadata:'],
  ['metadata: a value of 102 bytes', { metadata: new Map([['a', tooManyBytes]]) }, 'metadata:'],
  ['metadata: empty texts and 100 bytes', { metadata: new Map([['', hundred], ['__tag__', '']]) }],
];

function badAddress<K extends string>(field: K, wire: string): Cases<Record<K, Addressable | undefined>> {
  const change = (changed: Partial<Addressable> | undefined): Partial<Record<K, Addressable | undefined>> =>
    ({ [field]: changed === undefined ? undefined : { ...address, ...changed } }) as Record<K, Addressable | undefined>;
  return [
    [`${wire}: missing`, change(undefined), `${wire}: is required`],
    [`${wire}: no checksum`, change({ checksum: '' }), `${wire}.checksum:`],
    [`${wire}: a checksum of 63 digits`, change({ checksum: 'a'.repeat(63) }), `${wire}.checksum:`],
    [`${wire}: a checksum of 65 digits`, change({ checksum: 'a'.repeat(65) }), `${wire}.checksum:`],
    [`${wire}: a checksum with another letter`, change({ checksum: `g${'a'.repeat(63)}` }), `${wire}.checksum:`],
    [`${wire}: no address`, change({ storageAddress: '' }), `${wire}.storage_address:`],
    [`${wire}: no URL`, change({ storageAddress: '/asset' }), `${wire}.storage_address:`],
    [`${wire}: 201 characters`, change({ storageAddress: `http://a/${'x'.repeat(192)}` }), `${wire}.storage_address:`],
    [`${wire}: 200 characters`, change({ storageAddress: `http://a/${'x'.repeat(191)}` })],
    [`${wire}: 200 characters of two units`, change({ storageAddress: `http://a/${'\u{1F600}'.repeat(191)}` })],
  ];
}

function fnInput(kind: AssetKind, flags: Partial<FunctionInput> = {}): FunctionInput {
  return { kind, multiple: false, optional: false, ...flags };
}

function inputs(...entries: [string, FunctionInput][]): { inputs: Map<string, FunctionInput> } {
  return { inputs: new Map(entries) };
}

function output(identifier: string, changed: Partial<FunctionOutput>): { outputs: Map<string, FunctionOutput> } {
  return { outputs: new Map([[identifier, { kind: AssetKind.ASSET_MODEL, multiple: false, ...changed }]]) };
}

const { ASSET_DATA_MANAGER: MANAGER, ASSET_DATA_SAMPLE: SAMPLE, ASSET_MODEL: MODEL, ASSET_PERFORMANCE: PERFORMANCE } = AssetKind;
const newFunction = NewFunction.fromPartial({
  key,
  name: 'name',
  description: address,
  archive: address,
  newPermissions: permissions,
});

describeRules<NewFunction>('NewFunction', validateNewFunction, newFunction, [
  ...badKeys,
  ...badNames,
  ...badMetadata,
  ...badAddress('description', 'description'),
  ...badAddress('archive', 'archive'),
  ['no permissions', { newPermissions: undefined }, 'new_permissions: is required'],
  ['an input of no kind', inputs(['a', fnInput(0)]), 'inputs["a"].kind:'],
  ['an input of a wrong kind', inputs(['a', fnInput(PERFORMANCE)]), 'inputs["a"].kind:'],
  ['an input of an unknown kind', inputs(['a', fnInput(99 as AssetKind)]), 'inputs["a"].kind:'],
  ['an input without identifier', inputs(['', fnInput(MODEL)]), 'inputs[""]:'],
  ['an identifier of 101 bytes', inputs([tooLong, fnInput(MODEL)]), 'inputs["'],
  ['an identifier of 100 bytes with spaces', inputs([`a b${'x'.repeat(97)}`, fnInput(MODEL)])],
  ['a manager and a sample', inputs(['m', fnInput(MANAGER)], ['s', fnInput(SAMPLE, { multiple: true })])],
  ['a manager without sample', inputs(['m', fnInput(MANAGER)]), 'inputs: a data manager requires'],
  ['a sample without manager', inputs(['s', fnInput(SAMPLE)]), 'inputs: a data manager requires'],
  ['two managers', inputs(['m', fnInput(MANAGER)], ['n', fnInput(MANAGER)], ['s', fnInput(SAMPLE)]), 'at most one'],
  ['a multiple manager', inputs(['m', fnInput(MANAGER, { multiple: true })], ['s', fnInput(SAMPLE)]), 'neither multiple'],
  ['an optional manager', inputs(['m', fnInput(MANAGER, { optional: true })], ['s', fnInput(SAMPLE)]), 'neither multiple'],
  ['an output of no kind', output('o', { kind: 0 }), 'outputs["o"].kind:'],
  ['an output of a wrong kind', output('o', { kind: SAMPLE }), 'outputs["o"].kind:'],
  ['an output without identifier', output('', {}), 'outputs[""]:'],
  ['several performances under one output', output('o', { kind: PERFORMANCE, multiple: true }), 'outputs["o"].multiple:'],
  ['several models under one output', output('o', { multiple: true })],
]);

describeRules<UpdateFunctionParam>(
  'UpdateFunctionParam',
  validateRename,
  UpdateFunctionParam.fromPartial({ key, name: 'name', image: { checksum: '', storageAddress: '' } }),
  [...badKeys, ...badNames, ['image: anything', { image: { checksum: 'no', storageAddress: 'no' } }]],
);

describe('ApplyFunctionActionParam', () => {
  it.each([0, 1, 2, 3, 4, 5, 99])('action %d', (action) => {
    const check = (): void => validateFunctionAction({ functionKey: '', action: action as FunctionAction });
    if (action >= 1 && action <= 4) expect(check).not.toThrow();
    else expect(check).toThrow(/^OE0003: /u);
  });
});

describeRules<NewDataManager>(
  'NewDataManager',
  validateNewDataManager,
  NewDataManager.fromPartial({
    key,
    name: 'name',
    newPermissions: permissions,
    logsPermission: permissions,
    description: address,
    opener: address,
  }),
  [
    ...badKeys,
    ...badNames,
    ...badMetadata,
    ...badAddress('description', 'description'),
    ...badAddress('opener', 'opener'),
    ['no permissions', { newPermissions: undefined }, 'new_permissions: is required'],
    ['no logs permission', { logsPermission: undefined }, 'logs_permission: is required'],
    ['any type', { type: tooLong }],
  ],
);

describeRules<UpdateDataManagerParam>('UpdateDataManagerParam', validateRename, { key, name: 'name' }, [
  ...badKeys,
  ...badNames,
]);

describeRules<NewDataSample>(
  'NewDataSample',
  (sample) => validateRegisterDataSamples({ samples: [sample] }),
  NewDataSample.fromPartial({ key, checksum, dataManagerKeys: [key, key] }),
  [
    ['a bad key', { key: '' }, 'samples[0].key:'],
    ['no checksum', { checksum: '' }, 'samples[0].checksum:'],
    ['a bad manager key', { dataManagerKeys: [key, 'x'] }, 'samples[0].data_manager_keys[1]:'],
    ['no managers', { dataManagerKeys: [] }],
    ['test only', { testOnly: true }],
  ],
);

describeRules<UpdateDataSamplesParam>(
  'UpdateDataSamplesParam',
  validateUpdateDataSamples,
  { keys: [key], dataManagerKeys: [key] },
  [
    ['no keys', { keys: [] }, 'OE0101: invalid request: keys:'],
    ['a bad key', { keys: ['x'] }, 'keys[0]:'],
    ['a bad manager key', { dataManagerKeys: [''] }, 'data_manager_keys[0]:'],
  ],
);

describeRules<NewComputePlan>('NewComputePlan', validateNewComputePlan, NewComputePlan.fromPartial({ key, name: 'n' }), [
  ...badKeys,
  ...badNames,
  ...badMetadata,
  ['a tag of 101 bytes', { tag: tooLong }, 'tag:'],
  ['a tag of 102 bytes', { tag: tooManyBytes }, 'tag:'],
  ['a tag of 100 bytes', { tag: hundred }],
]);

describeRules<UpdateComputePlanParam>('UpdateComputePlanParam', validateRename, { key, name: 'name' }, [
  ...badKeys,
  ...badNames,
]);

function taskInput(changed: Partial<ComputeTaskInput>): { inputs: ComputeTaskInput[] } {
  return { inputs: [{ identifier: 'i', ref: { $case: 'assetKey', value: key }, ...changed }] };
}

function parentRef(parentTaskKey: string, outputIdentifier: string): { inputs: ComputeTaskInput[] } {
  return taskInput({ ref: { $case: 'parentTaskOutput', value: { parentTaskKey, outputIdentifier } } });
}

describeRules<NewComputeTask>(
  'NewComputeTask',
  (task) => validateRegisterTasks({ tasks: [task] }),
  NewComputeTask.fromPartial({ key, functionKey: key, computePlanKey: key }),
  [
    ['a bad key', { key: '' }, 'tasks[0].key:'],
    ['a bad function key', { functionKey: 'x' }, 'tasks[0].function_key:'],
    ['a bad plan key', { computePlanKey: 'x' }, 'tasks[0].compute_plan_key:'],
    ['bad metadata', { metadata: new Map([[tooLong, '']]) }, 'tasks[0].metadata:'],
    ['an input by asset key', taskInput({})],
    ['an input by parent output', parentRef(key, 'o')],
    ['an input without identifier', taskInput({ identifier: '' }), 'tasks[0].inputs[0].identifier:'],
    ['an input without ref', taskInput({ ref: undefined }), 'tasks[0].inputs[0]: must have'],
    ['a bad asset key', taskInput({ ref: { $case: 'assetKey', value: 'x' } }), 'tasks[0].inputs[0].asset_key:'],
    ['a bad parent key', parentRef('x', 'o'), 'tasks[0].inputs[0].parent_task_output.parent_task_key:'],
    ['a parent output without identifier', parentRef(key, ''), 'parent_task_output.output_identifier:'],
    ['an output', { outputs: new Map([['o', { permissions, transient: true }]]) }],
    ['an output without identifier', { outputs: new Map([['', { permissions, transient: false }]]) }, 'outputs[""] identifier:'],
    ['an output without permissions', { outputs: new Map([['o', { permissions: undefined, transient: false }]]) }, 'outputs["o"].permissions:'],
  ],
);

describeRules<QueryTasksParam>('QueryTasksParam', validateQueryTasks, QueryTasksParam.fromPartial({}), [
  ['a status', { filter: { worker: '', status: 8, computePlanKey: '', functionKey: '' } }],
  ['an unknown status', { filter: { worker: '', status: 9 as ComputeTaskStatus, computePlanKey: '', functionKey: '' } }, 'filter.status:'],
]);

describeRules<NewModel>(
  'NewModel',
  validateNewModel,
  NewModel.fromPartial({ key, computeTaskKey: key, computeTaskOutputIdentifier: 'o', address }),
  [
    ...badKeys,
    ...badAddress('address', 'address'),
    ['a bad task key', { computeTaskKey: 'x' }, 'compute_task_key:'],
    ['no output', { computeTaskOutputIdentifier: '' }, 'compute_task_output_identifier:'],
  ],
);

describeRules<NewPerformance>(
  'NewPerformance',
  validateNewPerformance,
  NewPerformance.fromPartial({ computeTaskKey: key, computeTaskOutputIdentifier: 'o' }),
  [
    ['a bad task key', { computeTaskKey: 'x' }, 'compute_task_key:'],
    ['no output', { computeTaskOutputIdentifier: '' }, 'compute_task_output_identifier:'],
    ['no number', { performanceValue: Number.NaN }],
  ],
);

const noLogs = { logsAddress: undefined };
describeRules<NewFailureReport>(
  'NewFailureReport',
  validateNewFailureReport,
  { assetKey: key, errorType: ErrorType.ERROR_TYPE_BUILD, logsAddress: address, assetType: FailedAssetKind.FAILED_ASSET_FUNCTION },
  [
    ...badAddress('logsAddress', 'logs_address'),
    ['a bad asset key', { assetKey: 'x' }, 'asset_key:'],
    ['no error type', { errorType: 0 }, 'error_type:'],
    ['an unknown error type', { errorType: 9 as ErrorType }, 'error_type:'],
    ['an execution error without logs', { errorType: ErrorType.ERROR_TYPE_EXECUTION, ...noLogs }, 'logs_address: is required'],
    ['an internal error', { errorType: ErrorType.ERROR_TYPE_INTERNAL, ...noLogs }],
    ['an internal error with logs', { errorType: ErrorType.ERROR_TYPE_INTERNAL }, 'logs_address: must be absent'],
    ['an unknown asset type', { assetType: 9 as FailedAssetKind }, 'OE0101: invalid request: asset_type:'],
    ['no asset type', { assetType: 0 }, 'OE0003: '],
  ],
);

describeRules<ProfilingStep>('ProfilingStep', validateProfilingStep, { assetKey: key, step: 'build', duration: 1 }, [
  ['a bad asset key', { assetKey: 'x' }, 'asset_key:'],
  ['no step', { step: '' }, 'step:'],
  ['a step of 101 bytes', { step: tooLong }, 'step:'],
  ['no duration', { duration: 0 }, 'duration:'],
]);

describeRules<{ address: string }>('RegisterOrganizationParam', validateRegisterOrganization, { address: '' }, [
  ['a URL', { address: 'https://orchestrator.org-1.com' }],
  ['a URL without scheme', { address: 'host.tld/path' }, 'address:'],
  ['a URL of 201 characters', { address: `http://a/${'x'.repeat(192)}` }, 'address:'],
]);

function eventFilter(changed: Partial<NonNullable<QueryEventsParam['filter']>>): Partial<QueryEventsParam> {
  return { filter: { ...EventQueryFilter.fromPartial({}), ...changed } };
}

describeRules<QueryEventsParam>('QueryEventsParam', validateQueryEvents, QueryEventsParam.fromPartial({}), [
  ['an unknown order', { sort: 3 as 2 }, 'sort:'],
  ['an unknown asset kind', eventFilter({ assetKind: 2 as AssetKind }), 'filter.asset_kind:'],
  ['an unknown event kind', eventFilter({ eventKind: 4 as 3 }), 'filter.event_kind:'],
  ['a start before the year 1', eventFilter({ start: { seconds: -62_135_596_801n, nanos: 0 } }), 'filter.start:'],
  ['an end after the year 9999', eventFilter({ end: { seconds: 253_402_300_800n, nanos: 0 } }), 'filter.end:'],
  ['negative nanoseconds', eventFilter({ end: { seconds: 0n, nanos: -1 } }), 'filter.end:'],
  ['a second of nanoseconds', eventFilter({ end: { seconds: 0n, nanos: 1_000_000_000 } }), 'filter.end:'],
  ['the ends of the range', eventFilter({ start: { seconds: -62_135_596_800n, nanos: 0 }, end: { seconds: 253_402_300_799n, nanos: 999_999_999 } })],
]);

describe('an empty batch', () => {
  it.each([
    ['tasks', () => validateRegisterTasks({ tasks: [] })],
    ['models', () => validateRegisterModels({ models: [] })],
    ['data samples', () => validateRegisterDataSamples({ samples: [] })],
  ])('of %s is refused', (_, validate) => {
    expect(validate).toThrow(/^OE0003: /u);
  });
});

describe('a request with many problems', () => {
  it('names them, up to a bound', () => {
    const tasks = Array.from({ length: 1000 }, () => NewComputeTask.fromPartial({}));
    expect(() => validateRegisterTasks({ tasks })).toThrow(/tasks\[0\]\.key: .*; tasks\[16\]\.function_key: [^;]*$/u);
  });
});

import { AssetKind, ErrorType, FailedAssetKind } from '@orchestrator/lib';
import {
  address,
  checksum,
  direct,
  everybody,
  fromParent,
  managerInput,
  mapOf,
  modelInput,
  modelOutput,
  newDataManager,
  newDataSample,
  newFunction,
  newKey,
  newModel,
  newPlan,
  newTask,
  nobodyElse,
  output,
  performanceOutput,
  samplesInput,
} from '../assets.ts';
import type { Method } from '../methods.ts';

/** The validation of one procedure's request: which of its fields have which kind, and what else must be refused. */
export interface RequestRule {
  readonly name: string;
  readonly method: Method;
  /** Field by kind, see `values` of the scenarios. */
  readonly fields: Readonly<Record<string, string>>;
  /** A fresh request that is right but for one field. */
  request(field: string, value: unknown): object;
  readonly bad?: Readonly<Record<string, () => object>>;
  readonly good?: Readonly<Record<string, () => object>>;
  /** The procedure that reads what this one registers; the request then succeeds when it is right. */
  readonly registers?: 'GetFunction' | 'GetDataManager' | 'GetPlan';
  /** Makes a right request wrong, for the procedures that register. */
  readonly spoil?: object;
}

const inputs = (record: Readonly<Record<string, unknown>>): object => newFunction({ inputs: mapOf(record) as never });
const outputs = (record: Readonly<Record<string, unknown>>): object => newFunction({ outputs: mapOf(record) as never });
const input = (changes: object): object => ({ ...modelInput, ...changes });
const { ASSET_UNKNOWN, ASSET_FUNCTION, ASSET_MODEL, ASSET_PERFORMANCE, ASSET_DATA_MANAGER, ASSET_DATA_SAMPLE } =
  AssetKind;

const sampleOptional = { kind: ASSET_DATA_SAMPLE, multiple: false, optional: true };

const newFunctionRule: RequestRule = {
  name: 'RegisterFunction',
  method: 'RegisterFunction',
  registers: 'GetFunction',
  spoil: { name: '' },
  fields: {
    key: 'key',
    name: 'name',
    description: 'addressable',
    archive: 'addressable',
    newPermissions: 'required',
    metadata: 'metadata',
  },
  request: (field, value) => ({ ...newFunction(), [field]: value }),
  bad: {
    'input without kind': () => inputs({ a: input({ kind: ASSET_UNKNOWN }) }),
    'input of kind function': () => inputs({ a: input({ kind: ASSET_FUNCTION }) }),
    'input of kind performance': () => inputs({ a: input({ kind: ASSET_PERFORMANCE }) }),
    'input of an unknown kind': () => inputs({ a: input({ kind: 99 }) }),
    'input of the reserved kind': () => inputs({ a: input({ kind: 2 }) }),
    'input without identifier': () => inputs({ '': modelInput }),
    'input with a long identifier': () => inputs({ ['i'.repeat(101)]: modelInput }),
    'multiple data manager': () => inputs({ m: { ...managerInput, multiple: true }, s: samplesInput }),
    'optional data manager': () => inputs({ m: { ...managerInput, optional: true }, s: samplesInput }),
    'two data managers': () => inputs({ m: managerInput, n: managerInput, s: samplesInput }),
    'data manager without samples': () => inputs({ m: managerInput }),
    'samples without data manager': () => inputs({ s: samplesInput }),
    'output without kind': () => outputs({ a: { ...modelOutput, kind: ASSET_UNKNOWN } }),
    'output of kind data sample': () => outputs({ a: { ...modelOutput, kind: ASSET_DATA_SAMPLE } }),
    'output of kind data manager': () => outputs({ a: { ...modelOutput, kind: ASSET_DATA_MANAGER } }),
    'output of an unknown kind': () => outputs({ a: { ...modelOutput, kind: 99 } }),
    'output without identifier': () => outputs({ '': modelOutput }),
    'output with a long identifier': () => outputs({ ['é'.repeat(51)]: modelOutput }),
    'multiple performance': () => outputs({ p: { ...performanceOutput, multiple: true } }),
  },
  good: {
    'no inputs and outputs': () => newFunction({ inputs: new Map(), outputs: new Map() }),
    'identifiers of 100 bytes and with spaces': () =>
      inputs({ ['i'.repeat(100)]: modelInput, 'a b': { kind: ASSET_MODEL, multiple: true, optional: true } }),
    'data manager and samples': () => inputs({ m: managerInput, s: samplesInput, t: sampleOptional }),
    'multiple model output and performance': () =>
      outputs({ m: { kind: ASSET_MODEL, multiple: true }, p: performanceOutput }),
  },
};

const taskOf = (field: string, value: unknown): object => ({
  tasks: [{ ...newTask({ functionKey: newKey(), computePlanKey: newKey() }), [field]: value }],
});
const taskInputs = (...list: object[]): object => taskOf('inputs', list);

const registerTasksRule: RequestRule = {
  name: 'RegisterTasks',
  method: 'RegisterTasks',
  fields: { key: 'key', functionKey: 'key', computePlanKey: 'key', metadata: 'metadata' },
  request: taskOf,
  bad: {
    'input without identifier': () => taskInputs(direct('', newKey())),
    'input without ref': () => taskInputs({ identifier: 'parents' }),
    'input with a bad asset key': () => taskInputs(direct('parents', 'wrong')),
    'input with an empty asset key': () => taskInputs(direct('parents', '')),
    'parent with a bad key': () => taskInputs(fromParent('wrong')),
    'parent without output identifier': () => taskInputs(fromParent(newKey(), '')),
    'output without identifier': () => taskOf('outputs', mapOf({ '': output(everybody) })),
    'output without permissions': () => taskOf('outputs', mapOf({ model: { transient: false } })),
  },
};

const modelsOf = (field: string, value: unknown): object => ({ models: [{ ...newModel(newKey()), [field]: value }] });
const modelFields = { key: 'key', computeTaskKey: 'key', address: 'addressable' };

const reportOf = (changes: object): object => ({
  assetKey: newKey(),
  errorType: ErrorType.ERROR_TYPE_EXECUTION,
  assetType: FailedAssetKind.FAILED_ASSET_COMPUTE_TASK,
  logsAddress: address(),
  ...changes,
});

const stepOf = (changes: object): object => ({ assetKey: newKey(), step: 'step', duration: 1, ...changes });

/** The rules of every request that is validated by itself. */
export const requestRules: readonly RequestRule[] = [
  newFunctionRule,
  {
    name: 'RegisterDataManager',
    method: 'RegisterDataManager',
    registers: 'GetDataManager',
    spoil: { name: '' },
    fields: {
      key: 'key',
      name: 'name',
      newPermissions: 'required',
      logsPermission: 'required',
      description: 'addressable',
      opener: 'addressable',
      metadata: 'metadata',
    },
    request: (field, value) => ({ ...newDataManager(), [field]: value }),
    good: { 'a type, which is ignored': () => newDataManager({ type: 'anything' }) },
  },
  {
    name: 'RegisterPlan',
    method: 'RegisterPlan',
    registers: 'GetPlan',
    spoil: { name: '' },
    fields: { key: 'key', name: 'name', tag: 'tag', metadata: 'metadata' },
    request: (field, value) => ({ ...newPlan(), [field]: value }),
  },
  {
    name: 'RegisterDataSamples',
    method: 'RegisterDataSamples',
    fields: { key: 'key', checksum: 'checksum' },
    request: (field, value) => ({ samples: [{ ...newDataSample(), [field]: value }] }),
    bad: {
      'bad data manager key': () => ({ samples: [newDataSample({ dataManagerKeys: ['wrong'] })] }),
      'one bad sample of two': () => ({ samples: [newDataSample(), newDataSample({ checksum: 'wrong' })] }),
    },
  },
  {
    name: 'UpdateDataSamples',
    method: 'UpdateDataSamples',
    fields: {},
    request: () => ({}),
    bad: {
      'no keys': () => ({ keys: [], dataManagerKeys: [newKey()] }),
      'bad key': () => ({ keys: [newKey(), 'wrong'], dataManagerKeys: [newKey()] }),
      'bad data manager key': () => ({ keys: [newKey()], dataManagerKeys: ['wrong'] }),
    },
  },
  ...(['UpdateFunction', 'UpdateDataManager', 'UpdatePlan'] as const).map((method) => ({
    name: method,
    method,
    fields: { key: 'key', name: 'name' },
    request: (field: string, value: unknown) => ({ key: newKey(), name: 'name', [field]: value }),
  })),
  registerTasksRule,
  {
    name: 'RegisterModels',
    method: 'RegisterModels',
    fields: modelFields,
    request: modelsOf,
    bad: { 'no output identifier': () => modelsOf('computeTaskOutputIdentifier', '') },
  },
  {
    name: 'RegisterModel',
    method: 'RegisterModel',
    fields: modelFields,
    request: (field, value) => ({ ...newModel(newKey()), [field]: value }),
    bad: { 'no output identifier': () => newModel(newKey(), { computeTaskOutputIdentifier: '' }) },
  },
  {
    name: 'RegisterPerformance',
    method: 'RegisterPerformance',
    fields: { computeTaskKey: 'key' },
    request: (field, value) => ({
      computeTaskKey: newKey(),
      computeTaskOutputIdentifier: 'auc',
      performanceValue: 1,
      [field]: value,
    }),
    bad: { 'no output identifier': () => ({ computeTaskKey: newKey(), performanceValue: 1 }) },
  },
  {
    name: 'RegisterFailureReport',
    method: 'RegisterFailureReport',
    fields: { assetKey: 'key', logsAddress: 'addressable' },
    request: (field, value) => reportOf({ [field]: value }),
    bad: {
      'no error type': () => reportOf({ errorType: ErrorType.ERROR_TYPE_UNSPECIFIED }),
      'unknown error type': () => reportOf({ errorType: 99 }),
      'unknown asset type': () => reportOf({ assetType: 99 }),
      'BUILD without logs': () => reportOf({ errorType: ErrorType.ERROR_TYPE_BUILD, logsAddress: undefined }),
      'INTERNAL with logs': () => reportOf({ errorType: ErrorType.ERROR_TYPE_INTERNAL }),
    },
  },
  {
    name: 'RegisterProfilingStep',
    method: 'RegisterProfilingStep',
    fields: { assetKey: 'key', step: 'name' },
    request: (field, value) => stepOf({ [field]: value }),
    bad: { 'no duration': () => stepOf({ duration: 0 }) },
  },
  {
    name: 'filters and sort orders',
    method: 'QueryEvents',
    fields: {},
    request: () => ({}),
    bad: {
      'unknown asset kind': () => ({ filter: { assetKind: 99 } }),
      'unknown event kind': () => ({ filter: { eventKind: 99 } }),
      'unknown sort order': () => ({ sort: 99 }),
    },
  },
  {
    name: 'the status filter of tasks',
    method: 'QueryTasks',
    fields: {},
    request: () => ({}),
    bad: { 'unknown status': () => ({ filter: { status: 99 } }) },
  },
  {
    name: 'permissions of a function',
    method: 'RegisterFunction',
    fields: {},
    request: () => ({}),
    bad: {
      'a name and an address at once': () =>
        newFunction({ name: '', archive: { checksum: checksum(), storageAddress: 'x' }, newPermissions: nobodyElse }),
    },
  },
];

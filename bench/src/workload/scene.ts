import { AssetKind, FunctionAction } from '@orchestrator/lib';
import {
  buildNewComputePlan,
  buildNewDataManager,
  buildNewDataSample,
  buildNewFunction,
  buildNewPermissions,
  type Random,
} from '@orchestrator/testing';
import type { Api } from './api.ts';

/** What tasks need, registered in a channel. */
export interface Scene {
  readonly channel: string;
  readonly organization: string;
  readonly random: Random;
  readonly functionKey: string;
  readonly dataManagerKey: string;
  readonly dataSampleKeys: readonly string[];
}

const SAMPLES = 10;

/** The inputs and outputs of the tasks of all workloads: data, the model of a parent, a model and its performance. */
export function functionShape() {
  const one = { multiple: false, optional: false };
  return {
    inputs: new Map([
      ['opener', { kind: AssetKind.ASSET_DATA_MANAGER, ...one }],
      ['datasamples', { kind: AssetKind.ASSET_DATA_SAMPLE, multiple: true, optional: false }],
      ['shared', { kind: AssetKind.ASSET_MODEL, multiple: false, optional: true }],
    ]),
    outputs: new Map([
      ['model', { kind: AssetKind.ASSET_MODEL, multiple: false }],
      ['performance', { kind: AssetKind.ASSET_PERFORMANCE, multiple: false }],
    ]),
  };
}

/** What tasks say of their function's outputs. */
export function taskOutputs() {
  return new Map(
    ['model', 'performance'].map((name) => [name, { permissions: buildNewPermissions(), transient: false }]),
  );
}

/** Registers an organization, a function that is READY, a data manager and samples. */
export async function setScene(api: Api, at: Pick<Scene, 'channel' | 'organization' | 'random'>): Promise<Scene> {
  const { channel, random } = at;
  // Of a network that was used before it is there.
  await api.call(channel, 'RegisterOrganization', { address: '' }).catch(unlessItExists);
  const functionKey = await addFunction(api, { channel, random });
  const manager = buildNewDataManager(random);
  await api.call(channel, 'RegisterDataManager', manager);
  const samples = Array.from({ length: SAMPLES }, () => buildNewDataSample(random, { dataManagerKeys: [manager.key] }));
  await api.call(channel, 'RegisterDataSamples', { samples });
  return { ...at, functionKey, dataManagerKey: manager.key, dataSampleKeys: samples.map(({ key }) => key) };
}

function unlessItExists(error: unknown): void {
  if (!(error instanceof Error) || !error.message.endsWith('ALREADY_EXISTS')) throw error;
}

/** Registers a function of the workloads' shape and makes it READY. @returns its key. */
export async function addFunction(api: Api, { channel, random }: Pick<Scene, 'channel' | 'random'>): Promise<string> {
  const fn = { ...buildNewFunction(random), ...functionShape() };
  await api.call(channel, 'RegisterFunction', fn);
  for (const action of [FunctionAction.FUNCTION_ACTION_BUILDING, FunctionAction.FUNCTION_ACTION_READY]) {
    await api.call(channel, 'ApplyFunctionAction', { functionKey: fn.key, action });
  }
  return fn.key;
}

/** Registers a plan. @returns its key. */
export async function addPlan(api: Api, { channel, random }: Scene): Promise<string> {
  const plan = buildNewComputePlan(random);
  await api.call(channel, 'RegisterPlan', plan);
  return plan.key;
}

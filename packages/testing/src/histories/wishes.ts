import { AssetKind, type FunctionInput, type FunctionOutput, type NewPermissions } from '@orchestrator/lib';
import type { Random } from '../random/random.ts';
import type { Scene } from './step.ts';

/** Permissions that mostly are public or name registered organizations. */
export function somePermissions({ random, channel, organizations }: Scene): NewPermissions {
  const registered = [...channel.organizations.keys()];
  const known = registered.filter(() => random.chance(40));
  const authorizedIds = random.chance(95)
    ? random.shuffle(known)
    : [...known, random.pick([...organizations, 'nobody'])];
  return { public: random.chance(65), authorizedIds };
}

export function someMetadata(random: Random): Map<string, string> {
  const pairs: [string, string][] = [
    ['__tag__', ''],
    ['__proto__', 'x'],
    ['', 'empty'],
    ['é\u{1f9ea}', 'k'.repeat(100)],
  ];
  return new Map(pairs.filter(() => random.chance(20)));
}

interface Shape {
  readonly inputs: ReadonlyMap<string, FunctionInput>;
  readonly outputs: ReadonlyMap<string, FunctionOutput>;
}

const model: FunctionInput = { kind: AssetKind.ASSET_MODEL, multiple: false, optional: false };
const performance: FunctionOutput = { kind: AssetKind.ASSET_PERFORMANCE, multiple: false };
const manager: FunctionInput = { kind: AssetKind.ASSET_DATA_MANAGER, multiple: false, optional: false };
const samples: FunctionInput = { kind: AssetKind.ASSET_DATA_SAMPLE, multiple: true, optional: false };

/** Functions as a backend has them, and a few odd ones. */
const SHAPES: readonly Shape[] = [
  { inputs: new Map(), outputs: new Map([['model', model]]) },
  {
    inputs: new Map([
      ['opener', manager],
      ['datasamples', samples],
    ]),
    outputs: new Map([
      ['model', model],
      ['performance', performance],
    ]),
  },
  { inputs: new Map([['model', model]]), outputs: new Map([['model', model]]) },
  {
    inputs: new Map([['models', { ...model, multiple: true, optional: true }]]),
    outputs: new Map([
      ['models', { ...model, multiple: true }],
      ['performance', performance],
    ]),
  },
  {
    inputs: new Map([
      ['opener', manager],
      ['datasamples', { ...samples, optional: true }],
      ['shared', { ...model, multiple: true, optional: true }],
    ]),
    outputs: new Map([
      ['local', model],
      ['shared', { ...model, multiple: true }],
    ]),
  },
  { inputs: new Map(), outputs: new Map() },
  {
    inputs: new Map([
      ['__proto__', { ...model, optional: true }],
      [' \u{1f9ea}', { ...model, multiple: true, optional: true }],
    ]),
    outputs: new Map([
      ['constructor', model],
      ['é', performance],
      ['\uffff', performance],
    ]),
  },
];

export function someShape(random: Random): {
  inputs: Map<string, FunctionInput>;
  outputs: Map<string, FunctionOutput>;
} {
  const { inputs, outputs } = random.pick(SHAPES);
  return { inputs: new Map(inputs), outputs: new Map(outputs) };
}

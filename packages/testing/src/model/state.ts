import type {
  ComputePlan,
  ComputeTask,
  ComputeTaskOutputAsset,
  DataManager,
  DataSample,
  ErrorCode,
  Event,
  FailureReport,
  Model,
  OrchestratorFunction,
  Organization,
  Performance,
  Timestamp,
} from '@orchestrator/lib';

/** All that the model remembers of a channel. Messages in it are replaced, never changed. */
export interface ChannelModel {
  /** How many requests were answered; the time of the model. */
  ticks: number;
  organizations: Map<string, Organization>;
  functions: Map<string, OrchestratorFunction>;
  dataManagers: Map<string, DataManager>;
  dataSamples: Map<string, DataSample>;
  plans: Map<string, ComputePlan>;
  tasks: Map<string, ComputeTask>;
  models: Map<string, Model>;
  /** By task key and output identifier, see `performanceKey`. */
  performances: Map<string, Performance>;
  failureReports: Map<string, FailureReport>;
  /** In order of registration. */
  outputAssets: ComputeTaskOutputAsset[];
  events: Event[];
}

export function createChannelModel(): ChannelModel {
  return {
    ticks: 0,
    organizations: new Map(),
    functions: new Map(),
    dataManagers: new Map(),
    dataSamples: new Map(),
    plans: new Map(),
    tasks: new Map(),
    models: new Map(),
    performances: new Map(),
    failureReports: new Map(),
    outputAssets: [],
    events: [],
  };
}

/** A channel to try a request on: the original stays as it is. */
export function copyChannelModel(channel: ChannelModel): ChannelModel {
  return {
    ticks: channel.ticks,
    organizations: new Map(channel.organizations),
    functions: new Map(channel.functions),
    dataManagers: new Map(channel.dataManagers),
    dataSamples: new Map(channel.dataSamples),
    plans: new Map(channel.plans),
    tasks: new Map(channel.tasks),
    models: new Map(channel.models),
    performances: new Map(channel.performances),
    failureReports: new Map(channel.failureReports),
    outputAssets: [...channel.outputAssets],
    events: [...channel.events],
  };
}

/** One request of one caller. */
export interface Turn {
  readonly name: string;
  readonly channel: ChannelModel;
  readonly caller: string;
  /** The model's time: a tick where the server has an instant. */
  readonly now: Timestamp;
}

/** The model's No. */
export class Refusal extends Error {
  readonly code: ErrorCode;
  /** What the message must contain, where clients rely on it. */
  readonly text: string;

  constructor(code: ErrorCode, text = '') {
    super(`${code} ${text}`);
    this.name = 'Refusal';
    this.code = code;
    this.text = text;
  }
}

/** Refuses unless `condition` holds. */
export function demand(condition: boolean, code: ErrorCode): asserts condition {
  if (!condition) throw new Refusal(code);
}

/** The value, or a refusal where there is none. */
export function found<T>(value: T | undefined, code: ErrorCode): T {
  if (value === undefined) throw new Refusal(code);
  return value;
}

export function performanceKey(taskKey: string, identifier: string): string {
  return `${taskKey}|${identifier}`;
}

type Dated = { readonly creationDate: Timestamp | undefined };

function compareTexts(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function nanosecondsOf({ creationDate }: Dated): bigint {
  return creationDate === undefined ? 0n : creationDate.seconds * 1_000_000_000n + BigInt(creationDate.nanos);
}

/** Sorts by creation date, then by the texts. */
export function listed<T extends Dated>(items: Iterable<T>, texts: (item: T) => readonly string[]): T[] {
  return [...items].toSorted((a, b) => {
    const [left, right] = [nanosecondsOf(a), nanosecondsOf(b)];
    if (left !== right) return left < right ? -1 : 1;
    const others = texts(b);
    return (
      texts(a)
        .map((text, index) => compareTexts(text, others[index] ?? ''))
        .find((order) => order !== 0) ?? 0
    );
  });
}

/** Sorts by creation date, then key. */
export function byKey<T extends Dated & { readonly key: string }>(items: Iterable<T>): T[] {
  return listed(items, (item) => [item.key]);
}

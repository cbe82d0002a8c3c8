import type { Timestamp } from '@orchestrator/lib';
import type { ChannelModel } from '../model/state.ts';
import type { Random } from '../random/random.ts';

/** One call of a history. The request speaks the model's language of ticks, event names and page tokens. */
export interface Step {
  readonly mspid: string;
  /** `<service>/<method>`. */
  readonly procedure: string;
  readonly request: object;
  /** Bytes that no request has: sent instead of `request`, and refused with OE0101. */
  readonly malformed?: Uint8Array | undefined;
}

/** What a generator of steps sees. */
export interface Scene {
  readonly random: Random;
  /** The channel of the step, as it is before it. */
  readonly channel: ChannelModel;
  /** Another channel, whose keys are used here too. */
  readonly otherChannel: ChannelModel;
  /** All that may call. */
  readonly organizations: readonly string[];
  /** Ticks whose instants are known. */
  readonly times: readonly Timestamp[];
  /** Listings that have another page. */
  readonly openListings: readonly Step[];
}

/** Makes a step, or none where the scene has nothing for it. */
export type StepMaker = (scene: Scene) => Step | undefined;

type Shelf = 'functions' | 'dataManagers' | 'dataSamples' | 'plans' | 'tasks' | 'models';

/** A key for a new asset: rarely one that exists, sometimes one of the other channel. */
export function newKey({ random, channel, otherChannel }: Scene, shelf: Shelf): string {
  const taken = [...channel[shelf].keys()];
  const foreign = [...otherChannel[shelf].keys()].filter((key) => !channel[shelf].has(key));
  if (taken.length > 0 && random.chance(2)) return random.pick(taken);
  // An asset of another kind may have the same key.
  if (channel.plans.size > 0 && shelf !== 'plans' && random.chance(3)) return random.pick([...channel.plans.keys()]);
  return foreign.length > 0 && random.chance(25) ? random.pick(foreign) : random.key();
}

/** The key of an asset: rarely one that exists nowhere here. */
export function someKey({ random, channel, otherChannel }: Scene, shelf: Shelf): string {
  const keys = [...channel[shelf].keys()];
  if (keys.length > 0 && random.chance(92)) return random.pick(keys);
  const foreign = [...otherChannel[shelf].keys()];
  return random.pick([
    '',
    'x',
    random.key(),
    random.pick(foreign.length > 0 ? foreign : ['']),
    random.key().toUpperCase(),
  ]);
}

/** One of the items that `wanted` prefers, else any; undefined without items. */
export function prefer<T>(random: Random, items: readonly T[], wanted: (item: T) => boolean): T | undefined {
  const best = items.filter(wanted);
  if (best.length > 0 && random.chance(88)) return random.pick(best);
  return items.length > 0 ? random.pick(items) : undefined;
}

/** Mostly this organization, sometimes any. */
export function mostly({ random, organizations }: Scene, mspid: string | undefined): string {
  return mspid !== undefined && random.chance(90) ? mspid : random.pick(organizations);
}

/** An organization that mostly is registered. */
export function someOwner(scene: Scene): string {
  const registered = [...scene.channel.organizations.keys()];
  return mostly(scene, registered.length > 0 ? scene.random.pick(registered) : undefined);
}

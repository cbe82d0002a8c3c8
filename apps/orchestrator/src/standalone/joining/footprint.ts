/**
 * What a request that runs beside others has read, and what it is going to change, each as a text.
 *
 * Only what such a request can change at all has a name here: functions, data managers and organizations have none.
 */
export class Footprint {
  readonly #reads = new Set<string>();
  readonly #changes = new Set<string>();

  read(things: readonly string[]): void {
    for (const thing of things) this.#reads.add(thing);
  }

  change(things: readonly string[]): void {
    for (const thing of things) this.#changes.add(thing);
  }

  /** Whether it has changed one of these. */
  hasChanged(things: readonly string[]): boolean {
    return this.#changes.size > 0 && things.some((thing) => this.#changes.has(thing));
  }

  /** Whether it has read something that is among `changes`. */
  hasReadOneOf(changes: ReadonlySet<string>): boolean {
    return changes.size > 0 && [...this.#reads].some((thing) => changes.has(thing));
  }

  /** What it is going to change. */
  get changes(): ReadonlySet<string> {
    return this.#changes;
  }
}

/** Names of things. A compute task stands for its status too; its children for who they are, and for their statuses. */
export const thing = {
  task: (key: string): string => `task ${key}`,
  children: (key: string): string => `children ${key}`,
  outputs: (taskKey: string): string => `outputs ${taskKey}`,
  plan: (key: string): string => `plan ${key}`,
  /** Data samples and models: which of them an input names is not known before it was looked for. */
  asset: (key: string): string => `asset ${key}`,
  replay: (mspid: string, key: string): string => `replay ${mspid} ${key}`,
} as const;

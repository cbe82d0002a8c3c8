import type { Context } from './context.ts';

/** One thing that the server must do, by name. */
export interface Scenario {
  readonly name: string;
  /** Left out by `--short`. */
  readonly long: boolean;
  run(context: Context): Promise<void>;
}

/** Describes a scenario. Scenarios make their own assets, so they run in any order, and on a server that is in use. */
export function scenario(name: string, run: (context: Context) => Promise<void>): Scenario {
  return { name, long: false, run };
}

/** A scenario with so many assets that it takes long. */
export function longScenario(name: string, run: (context: Context) => Promise<void>): Scenario {
  return { name, long: true, run };
}

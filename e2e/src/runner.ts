import { status } from '@grpc/grpc-js';
import { errorOf } from './assert.ts';
import { Connection } from './client.ts';
import { type Context, createContext } from './context.ts';
import { within } from './deadline.ts';
import type { Options } from './options.ts';
import type { Scenario } from './scenario.ts';
import { areas, firstContact } from './scenarios/index.ts';

const SCENARIO_DEADLINE_MS = 900_000;

/** How many scenarios came out well, and how many did not. */
export interface Result {
  readonly passed: number;
  readonly failed: number;
}

/** A scenario under its full name, `area: name`. */
export interface NamedScenario {
  readonly name: string;
  readonly scenario: Scenario;
}

/** The scenarios to run, in two groups: those before the organizations are registered, and those after. */
export interface Plan {
  readonly before: readonly NamedScenario[];
  readonly after: readonly NamedScenario[];
}

/** Chooses the scenarios that the options ask for. */
export function planSuite(options: Pick<Options, 'short' | 'filter'>): Plan {
  return { before: choose({ 'first contact': firstContact }, options), after: choose(areas, options) };
}

/**
 * Runs the chosen scenarios one after another, printing a line for each.
 *
 * @throws Error when the server cannot be reached, or does not register the organizations.
 */
export async function runSuite(options: Options, print: (line: string) => void): Promise<Result> {
  await using connection = new Connection(options);
  const context = createContext(connection, options);
  const { before, after } = planSuite(options);
  const failed = await runAll(before, context, print);
  await registerOrganizations(context);
  const failedLater = await runAll(after, context, print);
  const total = before.length + after.length;
  return { passed: total - failed - failedLater, failed: failed + failedLater };
}

/** Registers both organizations in both channels. They outlive a run of the suite, so they may be there already. */
export async function registerOrganizations({ options, caller }: Context): Promise<void> {
  for (const mspid of [options.mspid, options.otherMspid]) {
    for (const channel of [options.channel, options.otherChannel]) {
      const call = caller(mspid, channel).call('RegisterOrganization', { address: '' });
      try {
        await call;
      } catch (error) {
        const { code } = await errorOf(call);
        if (code !== status.ALREADY_EXISTS) throw error;
      }
    }
  }
}

function choose(
  scenarios: Readonly<Record<string, readonly Scenario[]>>,
  { short, filter = '' }: Pick<Options, 'short' | 'filter'>,
): NamedScenario[] {
  return Object.entries(scenarios)
    .flatMap(([area, list]) => list.map((scenario) => ({ name: `${area}: ${scenario.name}`, scenario })))
    .filter(({ scenario }) => !(short && scenario.long))
    .filter(({ name }) => name.includes(filter));
}

/** @returns how many failed. */
async function runAll(
  scenarios: readonly NamedScenario[],
  context: Context,
  print: (line: string) => void,
): Promise<number> {
  let failed = 0;
  for (const { name, scenario } of scenarios) {
    const reason = await failureOf(scenario, context);
    print(`${reason === undefined ? 'ok     ' : 'FAILED '} ${name}`);
    if (reason === undefined) continue;
    failed += 1;
    print(reason.replaceAll(/^/gm, '          '));
  }
  return failed;
}

async function failureOf(scenario: Scenario, context: Context): Promise<string | undefined> {
  try {
    await within(SCENARIO_DEADLINE_MS, 'the end of the scenario', scenario.run(context));
    return undefined;
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}

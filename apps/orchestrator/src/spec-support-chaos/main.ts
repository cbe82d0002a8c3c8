/** `npm run chaos -- --faults N --seed S [--result FILE]`: faults by seed against real processes, and what they did. */
import { join } from 'node:path';
import { inspect, parseArgs } from 'node:util';
import { faketimeMissing, findFaketime } from '@orchestrator/tools';
import { type ChaosReport, markdownRow, writeReport } from './report.ts';
import { type ChaosFindings, runChaos } from './run.ts';
import { ChaosServices } from './scene.ts';

/** Servers, database and model are new for each plan: the model remembers every state that there was. */
const FAULTS_OF_A_PLAN = 50;
/** Far apart, so that the plans of two runs with neighbouring seeds differ. The first plan has the seed of the run. */
const SEED_STEP = 1_000_003;

interface Options {
  readonly faults: number;
  readonly seed: number;
  readonly result: string;
}

function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: { faults: { type: 'string', default: '30' }, seed: { type: 'string', default: '1' }, result: { type: 'string' } },
  });
  const [faults, seed] = [Number(values.faults), Number(values.seed)];
  if (!Number.isSafeInteger(faults) || faults < 1) throw new Error('--faults should be a whole number from 1 on');
  if (!Number.isSafeInteger(seed) || seed < 0) throw new Error('--seed should be a whole number from 0 on');
  return { faults, seed, result: values.result ?? join(import.meta.dirname, `../../../../tmp/chaos-${seed}.json`) };
}

async function run({ faults, seed, result }: Options): Promise<boolean> {
  const clocksStepped = findFaketime() !== undefined;
  if (!clocksStepped) console.warn(`!!! ${faketimeMissing} !!!`);
  const startedAt = new Date();
  const plans: ChaosFindings[] = [];
  const report = (failure?: string): ChaosReport => ({
    seed,
    faultsWanted: faults,
    startedAt: startedAt.toISOString(),
    durationS: Math.round((Date.now() - startedAt.getTime()) / 1000),
    clocksStepped,
    plans,
    ...(failure === undefined ? {} : { failure }),
  });
  // Processes are left behind by who is killed: whoever wants an end gets it with that of the plan under way.
  let isWanted = true;
  process.once('SIGTERM', () => (isWanted = false));
  await using services = await ChaosServices.start();
  try {
    for (let done = 0; done < faults && isWanted; done += FAULTS_OF_A_PLAN) {
      const plan = { seed: seed + plans.length * SEED_STEP, faults: Math.min(FAULTS_OF_A_PLAN, faults - done) };
      plans.push(await runChaos(services, { ...plan, say: (line) => console.log(`${report().durationS} s, seed ${plan.seed}: ${line}`) }));
      await writeReport(result, report());
      console.log(`seed ${plan.seed}: nothing wrong; so far:\n${markdownRow(report())}`);
    }
    return true;
  } catch (error) {
    const failure = inspect(error);
    await writeReport(result, report(failure));
    console.error(`${failure}\n${markdownRow(report(failure))}`);
    return false;
  }
}

if (!(await run(readOptions(process.argv.slice(2))))) process.exitCode = 1;

import { type MessageCodec, procedures } from '@orchestrator/lib';
import * as assets from './asset-steps.ts';
import { malformedBytes, withChangedField } from './faults.ts';
import * as reads from './read-steps.ts';
import type { Scene, Step, StepMaker } from './step.ts';
import { registerTasks } from './task-steps.ts';
import * as work from './work-steps.ts';

/** How often each kind of step is tried. */
const WEIGHTS: readonly (readonly [weight: number, maker: StepMaker])[] = [
  [6, assets.registerOrganization],
  [5, assets.registerFunction],
  [2, assets.updateFunction],
  [12, assets.applyFunctionAction],
  [2, assets.registerDataManager],
  [1, assets.updateDataManager],
  [4, assets.registerDataSamples],
  [2, assets.updateDataSamples],
  [3, assets.registerPlan],
  [1, assets.updatePlan],
  [1, assets.applyPlanAction],
  [12, registerTasks],
  [30, work.applyTaskAction],
  [12, work.registerModels],
  [6, work.registerPerformance],
  [6, work.disableOutput],
  [3, work.registerFailureReport],
  [2, work.registerProfilingStep],
  [14, reads.getByKey],
  [5, reads.getTaskInputAssets],
  [2, reads.getFailureReport],
  [1, reads.getWithoutKey],
  [16, reads.query],
];

/** Steps with many fields, of which one is changed. */
const CHANGED_WEIGHTS: typeof WEIGHTS = [
  [5, assets.registerFunction],
  [2, assets.updateFunction],
  [2, assets.registerDataManager],
  [1, assets.registerDataSamples],
  [1, assets.registerPlan],
  [2, registerTasks],
  [1, work.registerModels],
  [1, work.registerFailureReport],
];

function repeated(weights: typeof WEIGHTS): readonly StepMaker[] {
  return weights.flatMap(([weight, maker]) => Array.from({ length: weight }, () => maker));
}

const MAKERS = repeated(WEIGHTS);
const CHANGED_MAKERS = repeated(CHANGED_WEIGHTS);
const CHANGED_STEP_PERCENT = 7;
const CHANGED_PERCENT = 5;
const MALFORMED_PERCENT = 1;

const CODECS = new Map(procedures.map((row) => [`${row.service}/${row.method}`, row]));

/** How the messages of a procedure are written. */
export function codecsOf(procedure: string): { request: MessageCodec<unknown>; response: MessageCodec<unknown> } {
  const row = CODECS.get(procedure);
  if (row === undefined) throw new Error(`there is no procedure ${procedure}`);
  return row;
}

/** The next step of a history. */
export function nextStep(scene: Scene): Step {
  const { random } = scene;
  const isChanged = random.chance(CHANGED_STEP_PERCENT);
  const step = someStep(scene, isChanged ? CHANGED_MAKERS : MAKERS);
  const { request: codec } = codecsOf(step.procedure);
  const complete = codec.fromPartial(step.request) as object;
  if (random.chance(MALFORMED_PERCENT)) return { ...step, malformed: malformedBytes(random, codec, complete) };
  const isOpenListing = scene.openListings.includes(step);
  const changes = isChanged || (random.chance(CHANGED_PERCENT) && !isOpenListing);
  return { ...step, request: changes ? withChangedField(random, codec, complete) : complete };
}

/** A step of the first maker that has one. Registrations of functions always have. */
function someStep(scene: Scene, makers: readonly StepMaker[]): Step {
  let step: Step | undefined;
  while (step === undefined) step = scene.random.pick(makers)(scene);
  return step;
}

import type { Dbal } from '@orchestrator/lib';
import type { Schedule } from './joined.ts';
import { joinLookUp } from './joined-look-up.ts';
import { withMethods } from './with-methods.ts';

/** A store to read from that many requests share at once: their look-ups by key are joined. */
export function createSharedDbal(dbal: Dbal, schedule: Schedule): Dbal {
  const { computePlan, computeTask, dataManager, dataSample, function: fn, model } = dbal;
  return {
    ...dbal,
    computePlan: withMethods(computePlan, {
      getComputePlans: joinLookUp((keys) => computePlan.getComputePlans(keys), schedule),
    }),
    computeTask: withMethods(computeTask, {
      getComputeTasks: joinLookUp((keys) => computeTask.getComputeTasks(keys), schedule),
    }),
    function: withMethods(fn, { getFunctions: joinLookUp((keys) => fn.getFunctions(keys), schedule) }),
    dataManager: withMethods(dataManager, {
      getDataManagers: joinLookUp((keys) => dataManager.getDataManagers(keys), schedule),
    }),
    dataSample: withMethods(dataSample, {
      getDataSamples: joinLookUp((keys) => dataSample.getDataSamples(keys), schedule),
    }),
    model: withMethods(model, { getModels: joinLookUp((keys) => model.getModels(keys), schedule) }),
  };
}

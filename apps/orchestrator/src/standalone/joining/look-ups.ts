import type { Dbal } from '@orchestrator/lib';
import type { Schedule } from './joined.ts';
import { joinLookUp } from './joined-look-up.ts';
import { supported } from './supported.ts';

/** The look-ups by key of a store, each joined with those that others make at the same time. Nothing else works. */
export function createLookUps(dbal: Dbal, schedule: Schedule): Dbal {
  const { computePlan, computeTask, dataManager, dataSample, function: fn, model } = dbal;
  return {
    organization: supported('organization', {}),
    function: supported('function', { getFunctions: joinLookUp((keys) => fn.getFunctions(keys), schedule) }),
    dataManager: supported('dataManager', {
      getDataManagers: joinLookUp((keys) => dataManager.getDataManagers(keys), schedule),
    }),
    dataSample: supported('dataSample', {
      getDataSamples: joinLookUp((keys) => dataSample.getDataSamples(keys), schedule),
    }),
    computePlan: supported('computePlan', {
      getComputePlans: joinLookUp((keys) => computePlan.getComputePlans(keys), schedule),
    }),
    computeTask: supported('computeTask', {
      getComputeTasks: joinLookUp((keys) => computeTask.getComputeTasks(keys), schedule),
    }),
    model: supported('model', { getModels: joinLookUp((keys) => model.getModels(keys), schedule) }),
    performance: supported('performance', {}),
    failureReport: supported('failureReport', {}),
    event: supported('event', {}),
    replay: supported('replay', {}),
  };
}

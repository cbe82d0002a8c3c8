import type { Dbal, TaskReferenceQuery, TaskReferences } from '@orchestrator/lib';
import { distinct, only } from './joined-look-up.ts';
import { Joined } from './joined.ts';
import { createLookUps } from './look-ups.ts';
import { beforeTheyWait } from './schedules.ts';
import { supported } from './supported.ts';

/** The store as the requests of a group read it, side by side: what they ask for at once goes as one statement. */
export function createGroupDbal(dbal: Dbal): Dbal {
  const lookUps = createLookUps(dbal, beforeTheyWait);
  const { computeTask, organization } = dbal;
  const registered = new Joined({
    answer: (questions: readonly (readonly string[])[]) => organization.getRegisteredIds(distinct(questions)),
    sizeOf: ({ length }) => length,
    schedule: beforeTheyWait,
  });
  const outputAssets = new Joined({
    answer: (questions: readonly (readonly string[])[]) => computeTask.getOutputAssets(distinct(questions)),
    sizeOf: ({ length }) => length,
    schedule: beforeTheyWait,
  });
  const references = new Joined({
    answer: (questions: readonly TaskReferenceQuery[]) => computeTask.getTaskReferences(joinQueries(questions)),
    sizeOf: ({ taskKeys, assetKeys }) => taskKeys.length + assetKeys.length,
    schedule: beforeTheyWait,
  });
  return {
    ...lookUps,
    organization: supported('organization', {
      getRegisteredIds: async (ids) => {
        const all = await registered.ask(ids);
        return new Set(ids.filter((id) => all.has(id)));
      },
    }),
    computeTask: supported('computeTask', {
      getComputeTasks: (keys) => lookUps.computeTask.getComputeTasks(keys),
      getChildTasks: (parentKey, statuses) => computeTask.getChildTasks(parentKey, statuses),
      getOutputAssets: async (taskKeys) => {
        const all = await outputAssets.ask(taskKeys);
        return all.filter(({ computeTaskKey }) => taskKeys.includes(computeTaskKey));
      },
      getTaskReferences: async (query) => ownReferences(query, await references.ask(query)),
    }),
    replay: dbal.replay,
  };
}

function joinQueries(queries: readonly TaskReferenceQuery[]): TaskReferenceQuery {
  return {
    taskKeys: distinct(queries.map(({ taskKeys }) => taskKeys)),
    computePlanKeys: distinct(queries.map(({ computePlanKeys }) => computePlanKeys)),
    functionKeys: distinct(queries.map(({ functionKeys }) => functionKeys)),
    assetKeys: distinct(queries.map(({ assetKeys }) => assetKeys)),
    organizationIds: distinct(queries.map(({ organizationIds }) => organizationIds)),
  };
}

/** What one of the joined queries asked for. Of the functions it gets all: those of its tasks are among them. */
function ownReferences(query: TaskReferenceQuery, found: TaskReferences): TaskReferences {
  const { assetKeys, computePlanKeys, organizationIds, taskKeys } = query;
  return {
    tasks: only(found.tasks, taskKeys),
    tasksWithDisabledModel: new Set(taskKeys.filter((key) => found.tasksWithDisabledModel.has(key))),
    computePlans: only(found.computePlans, computePlanKeys),
    functions: found.functions,
    dataManagers: only(found.dataManagers, assetKeys),
    dataSamples: only(found.dataSamples, assetKeys),
    models: only(found.models, assetKeys),
    organizationIds: new Set(organizationIds.filter((id) => found.organizationIds.has(id))),
  };
}

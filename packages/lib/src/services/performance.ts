import { performanceKey } from '../assets/performance.ts';
import type { Encoded } from '../codec/codec.ts';
import { encodePage, pageRequest } from '../codec/page.ts';
import { conflict } from '../errors/orchestration-error.ts';
import { changes } from '../events/change.ts';
import { AssetKind } from '../gen/orchestrator/common.ts';
import type { ComputeTaskOutputAsset } from '../gen/orchestrator/computetask.ts';
import type {
  NewPerformance,
  Performance,
  QueryPerformancesParam,
  QueryPerformancesResponse,
} from '../gen/orchestrator/performance.ts';
import { toTimestamp } from '../time/instant.ts';
import { requireExecuting, requireOutput, requireTask, requireWorker } from './output-rules.ts';
import type { Scope } from './scope.ts';

/** Performances: one number per task output, public to the channel. */
export class PerformanceService {
  readonly #scope: Scope;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  /** @throws OrchestrationError OE0002, OE0102, OE0003, OE0106, OE0107, OE0006 */
  async registerPerformance(asked: NewPerformance): Promise<Performance> {
    const { context, dbal, events } = this.#scope;
    const taskKey = asked.computeTaskKey;
    const identifier = asked.computeTaskOutputIdentifier;
    const [tasks, outputAssets] = await Promise.all([
      dbal.computeTask.getComputeTasks([taskKey]),
      dbal.computeTask.getOutputAssets([taskKey]),
    ]);
    const task = requireTask(tasks, taskKey);
    requireWorker(task, context.mspid);
    requireExecuting(task);
    const fn = (await dbal.function.getFunctions([task.functionKey])).get(task.functionKey)?.value;
    requireOutput({ task, fn, identifier, kind: AssetKind.ASSET_PERFORMANCE });
    if (outputAssets.some((output) => output.computeTaskOutputIdentifier === identifier)) {
      throw conflict('performance', performanceKey(asked));
    }
    const performance: Performance = {
      computeTaskKey: taskKey,
      performanceValue: asked.performanceValue,
      creationDate: toTimestamp(context.instant),
      computeTaskOutputIdentifier: identifier,
    };
    const outputAsset: ComputeTaskOutputAsset = {
      computeTaskKey: taskKey,
      computeTaskOutputIdentifier: identifier,
      assetKind: AssetKind.ASSET_PERFORMANCE,
      assetKey: performanceKey(asked),
    };
    dbal.performance.addPerformance(performance);
    dbal.computeTask.addOutputAssets([outputAsset]);
    events.add(changes.performanceCreated(performance));
    events.add(changes.outputAssetCreated(outputAsset));
    return performance;
  }

  /** By creation date, task key, identifier. @throws OrchestrationError OE0003 for a bad page token. */
  async queryPerformances(param: QueryPerformancesParam): Promise<Encoded<QueryPerformancesResponse>> {
    const { dbal, settings } = this.#scope;
    const page = pageRequest('QueryPerformances', param, settings.maxPageBytes);
    const filter = {
      computeTaskKey: param.filter?.computeTaskKey || undefined,
      computeTaskOutputIdentifier: param.filter?.computeTaskOutputIdentifier || undefined,
    };
    return encodePage('QueryPerformances', await dbal.performance.queryPerformances(filter, page));
  }
}

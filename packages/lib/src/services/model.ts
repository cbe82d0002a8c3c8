import type { Encoded, Stored } from '../codec/codec.ts';
import { encodePage } from '../codec/page.ts';
import { ErrorCode } from '../errors/codes.ts';
import { badRequest, conflict, notFound, OrchestrationError } from '../errors/orchestration-error.ts';
import { changes } from '../events/change.ts';
import { AssetKind } from '../gen/orchestrator/common.ts';
import type { ComputeTaskOutputAsset } from '../gen/orchestrator/computetask.ts';
import type { GetComputeTaskModelsResponse, Model, NewModel, RegisterModelsResponse } from '../gen/orchestrator/model.ts';
import { toTimestamp } from '../time/instant.ts';
import { requireExecuting, requireOutput, requireTask, requireWorker } from './output-rules.ts';
import type { Scope } from './scope.ts';

/** Models: what tasks produce under their outputs. */
export class ModelService {
  readonly #scope: Scope;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  /** The deprecated form for one model. */
  async registerModel(asked: NewModel): Promise<Model> {
    const { models } = await this.registerModels([asked]);
    const [model] = models;
    if (model === undefined) throw new Error('registering one model gave none');
    return model;
  }

  /** Models of one task, all or none. @throws OrchestrationError OE0002, OE0003, OE0102, OE0106, OE0107, OE0006 */
  async registerModels(asked: readonly NewModel[]): Promise<RegisterModelsResponse> {
    const { context, dbal } = this.#scope;
    const taskKey = asked[0]?.computeTaskKey ?? '';
    const [tasks, existing, outputAssets] = await Promise.all([
      dbal.computeTask.getComputeTasks([taskKey]),
      dbal.model.getModels(asked.map((model) => model.key)),
      dbal.computeTask.getOutputAssets([taskKey]),
    ]);
    const task = requireTask(tasks, taskKey);
    if (asked.some((model) => model.computeTaskKey !== taskKey)) {
      throw badRequest('all models of a request must belong to one compute task');
    }
    requireWorker(task, context.mspid);
    requireExecuting(task);
    const fn = (await dbal.function.getFunctions([task.functionKey])).get(task.functionKey)?.value;
    const takenKeys = new Set(existing.keys());
    const takenOutputs = new Set(outputAssets.map((output) => output.computeTaskOutputIdentifier));
    const models = asked.map((model): Model => {
      const identifier = model.computeTaskOutputIdentifier;
      const { taskOutput, functionOutput } = requireOutput({ task, fn, identifier, kind: AssetKind.ASSET_MODEL });
      if (takenOutputs.has(identifier) && !functionOutput.multiple) throw outputTaken(identifier);
      takenOutputs.add(identifier);
      if (takenKeys.has(model.key)) throw conflict('model', model.key);
      takenKeys.add(model.key);
      return {
        key: model.key,
        computeTaskKey: taskKey,
        address: model.address,
        permissions: taskOutput.permissions,
        owner: context.mspid,
        creationDate: toTimestamp(context.instant),
      };
    });
    this.#store(asked, models);
    return { models };
  }

  #store(asked: readonly NewModel[], models: readonly Model[]): void {
    const { dbal, events } = this.#scope;
    const outputAssets = asked.map(
      (model): ComputeTaskOutputAsset => ({
        computeTaskKey: model.computeTaskKey,
        computeTaskOutputIdentifier: model.computeTaskOutputIdentifier,
        assetKind: AssetKind.ASSET_MODEL,
        assetKey: model.key,
      }),
    );
    dbal.model.addModels(models);
    dbal.computeTask.addOutputAssets(outputAssets);
    for (const [index, model] of models.entries()) {
      events.add(changes.modelCreated(model));
      const outputAsset = outputAssets[index];
      if (outputAsset !== undefined) events.add(changes.outputAssetCreated(outputAsset));
    }
  }

  /** @throws OrchestrationError OE0002 */
  async getModel(key: string): Promise<Stored<Model>> {
    const found = (await this.#scope.dbal.model.getModels([key])).get(key);
    if (found === undefined) throw notFound('model', key);
    return found;
  }

  /** The models of a task by creation date then key; none for an unknown task. */
  async getComputeTaskOutputModels(computeTaskKey: string): Promise<Encoded<GetComputeTaskModelsResponse>> {
    const items = await this.#scope.dbal.model.getTaskModels(computeTaskKey);
    return encodePage('GetComputeTaskOutputModels', { items });
  }
}

function outputTaken(identifier: string): OrchestrationError {
  return new OrchestrationError(ErrorCode.Conflict, `output "${identifier}" already has its model and takes only one`);
}

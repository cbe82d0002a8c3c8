import {
  AssetKind,
  ComputePlanAction,
  ComputeTaskAction,
  type ComputeTaskInput,
  FunctionAction,
  type FunctionOutput,
  type NewComputeTask,
} from '@orchestrator/lib';
import {
  buildNewComputePlan,
  buildNewComputeTask,
  buildNewFailureReport,
  buildNewFunction,
  buildNewModel,
  buildNewPermissions,
} from '../builders/requests.ts';
import { codecsOf } from '../histories/generator.ts';
import { createRandom, type Random } from '../random/random.ts';

/** A call for a client to make. */
export interface WorkItem {
  readonly mspid: string;
  /** `<service>/<method>`. */
  readonly procedure: string;
  readonly request: object;
  /** To be called when it was answered. */
  readonly answered: () => void;
}

type Maker = (mspid: string) => WorkItem | undefined;

interface Asset {
  readonly key: string;
  readonly owner: string;
}

/** What the clients believe of a task; others may have been faster. */
interface Task extends Asset {
  readonly worker: string;
  state: 'waiting' | 'executing' | 'over';
  outputs: number;
}

/** Only what is young is worked on, so that clients meet. */
const YOUNG_PLANS = 4;
const YOUNG_TASKS = 24;
const FUNCTIONS = 6;
const PERFORMANCE = 'performance';

/**
 * Work that many clients do together: they register plans, functions and batches of tasks under each other's, pick up,
 * fill and end the same tasks, and rename and cancel the same plans, so that they get in each other's way. Every
 * writing call makes events, and no two calls the same ones if they can help it.
 */
export class SharedWork {
  readonly #random: Random;
  readonly #organizations: readonly string[];
  readonly #plans: Asset[] = [];
  readonly #functions: (Asset & { next: FunctionAction | undefined })[] = [];
  readonly #tasks: Task[] = [];
  readonly #makers: readonly (readonly [weight: number, maker: Maker])[] = [
    [6, (mspid) => this.#registerPlan(mspid)],
    [4, (mspid) => this.#updatePlan(mspid)],
    [1, (mspid) => this.#cancelPlan(mspid)],
    [3, (mspid) => this.#registerFunction(mspid)],
    [8, (mspid) => this.#moveFunction(mspid)],
    [22, (mspid) => this.#registerTasks(mspid)],
    [34, (mspid) => this.#moveTask(mspid)],
    [14, (mspid) => this.#registerModels(mspid)],
    [8, (mspid) => this.#registerPerformance(mspid)],
    [2, (mspid) => this.#reportFailure(mspid)],
    [8, (mspid) => this.#read(mspid)],
  ];

  constructor({ seed, organizations }: { readonly seed: number; readonly organizations: readonly string[] }) {
    this.#random = createRandom(seed);
    this.#organizations = organizations;
  }

  /** What has to be there before anybody works. */
  preparation(): readonly WorkItem[] {
    return this.#organizations.map((mspid) => item({ mspid, procedure: 'OrganizationService/RegisterOrganization', request: { address: '' } }));
  }

  /** Something for a client of an organization to do now. */
  next(mspid: string): WorkItem {
    const makers = this.#makers.flatMap(([weight, maker]) => Array.from({ length: weight }, () => maker));
    for (;;) {
      const made = this.#random.pick(makers)(mspid);
      if (made !== undefined) return made;
    }
  }

  /** A plan that nobody works on. */
  marker(mspid: string): WorkItem & { readonly key: string } {
    const plan = buildNewComputePlan(this.#random, { name: 'marker' });
    return { ...item({ mspid, procedure: 'ComputePlanService/RegisterPlan', request: plan }), key: plan.key };
  }

  #registerPlan(mspid: string): WorkItem {
    const plan = buildNewComputePlan(this.#random);
    return item({ mspid, procedure: 'ComputePlanService/RegisterPlan', request: plan }, () => this.#plans.push({ key: plan.key, owner: mspid }));
  }

  #updatePlan(mspid: string): WorkItem | undefined {
    const plan = this.#pick(this.#plans.slice(-YOUNG_PLANS), mspid);
    if (plan === undefined) return undefined;
    return item({ mspid, procedure: 'ComputePlanService/UpdatePlan', request: { key: plan.key, name: `plan ${this.#random.hex(8)}` } });
  }

  #cancelPlan(mspid: string): WorkItem | undefined {
    const plan = this.#pick(this.#plans.slice(0, -YOUNG_PLANS), mspid);
    if (plan === undefined) return undefined;
    const request = { key: plan.key, action: ComputePlanAction.PLAN_ACTION_CANCELED };
    return item({ mspid, procedure: 'ComputePlanService/ApplyPlanAction', request });
  }

  #registerFunction(mspid: string): WorkItem | undefined {
    if (this.#functions.length >= FUNCTIONS && this.#random.chance(80)) return undefined;
    const model: FunctionOutput = { kind: AssetKind.ASSET_MODEL, multiple: true };
    const performance: FunctionOutput = { kind: AssetKind.ASSET_PERFORMANCE, multiple: false };
    const fn = buildNewFunction(this.#random, {
      inputs: new Map([['models', { ...model, optional: true }]]),
      outputs: new Map([
        ['model', model],
        [PERFORMANCE, performance],
      ]),
    });
    return item({ mspid, procedure: 'FunctionService/RegisterFunction', request: fn }, () =>
      this.#functions.push({ key: fn.key, owner: mspid, next: FunctionAction.FUNCTION_ACTION_BUILDING }),
    );
  }

  #moveFunction(mspid: string): WorkItem | undefined {
    const fn = this.#pick(this.#functions.filter(({ next }) => next !== undefined), mspid);
    if (fn?.next === undefined) return undefined;
    const action = fn.next;
    const request = { functionKey: fn.key, action };
    return item({ mspid, procedure: 'FunctionService/ApplyFunctionAction', request }, () => {
      fn.next = action === FunctionAction.FUNCTION_ACTION_BUILDING ? FunctionAction.FUNCTION_ACTION_READY : undefined;
    });
  }

  #registerTasks(mspid: string): WorkItem | undefined {
    const plan = this.#pick(this.#plans.slice(-YOUNG_PLANS), mspid);
    if (plan === undefined || this.#functions.length === 0) return undefined;
    const tasks: NewComputeTask[] = [];
    for (let count = this.#random.pick([1, 1, 1, 2, 3, 6]); count > 0; count -= 1) tasks.push(this.#newTask(plan, tasks));
    return item({ mspid, procedure: 'ComputeTaskService/RegisterTasks', request: { tasks } }, () =>
      this.#tasks.push(...tasks.map(({ key, worker }): Task => ({ key, worker, owner: mspid, state: 'waiting', outputs: 0 }))),
    );
  }

  #newTask(plan: Asset, batch: readonly NewComputeTask[]): NewComputeTask {
    const parents = [...batch, ...this.#tasks.slice(-YOUNG_TASKS)].filter(() => this.#random.chance(12)).slice(0, 3);
    const inputs = parents.map(({ key }): ComputeTaskInput => ({
      identifier: 'models',
      ref: { $case: 'parentTaskOutput', value: { parentTaskKey: key, outputIdentifier: 'model' } },
    }));
    const output = { permissions: buildNewPermissions(), transient: false };
    return buildNewComputeTask(this.#random, {
      functionKey: this.#random.pick(this.#functions.slice(-FUNCTIONS)).key,
      computePlanKey: plan.key,
      worker: this.#random.pick(this.#organizations),
      inputs,
      outputs: new Map([
        ['model', output],
        [PERFORMANCE, output],
      ]),
    });
  }

  #moveTask(mspid: string): WorkItem | undefined {
    const task = this.#workOf(mspid, (each) => each.state !== 'over' && (each.state === 'waiting' || each.outputs > 0 || this.#random.chance(20)));
    if (task === undefined) return undefined;
    const isWaiting = task.state === 'waiting';
    const end = this.#random.chance(90) ? ComputeTaskAction.TASK_ACTION_DONE : ComputeTaskAction.TASK_ACTION_CANCELED;
    const action = isWaiting ? ComputeTaskAction.TASK_ACTION_EXECUTING : end;
    const request = { computeTaskKey: task.key, action, log: `by call ${this.#random.hex(12)}` };
    return item({ mspid, procedure: 'ComputeTaskService/ApplyTaskAction', request }, () => {
      task.state = isWaiting ? 'executing' : 'over';
    });
  }

  #registerModels(mspid: string): WorkItem | undefined {
    const task = this.#workOf(mspid, ({ state }) => state === 'executing');
    if (task === undefined) return undefined;
    const models = Array.from({ length: 1 + this.#random.below(2) }, () =>
      buildNewModel(this.#random, { computeTaskKey: task.key, computeTaskOutputIdentifier: 'model' }),
    );
    return item({ mspid, procedure: 'ModelService/RegisterModels', request: { models } }, () => {
      task.outputs += 1;
    });
  }

  #registerPerformance(mspid: string): WorkItem | undefined {
    const task = this.#workOf(mspid, ({ state }) => state === 'executing');
    if (task === undefined) return undefined;
    const performanceValue = Math.fround(this.#random.uint32() / 1000);
    const request = { computeTaskKey: task.key, performanceValue, computeTaskOutputIdentifier: PERFORMANCE };
    return item({ mspid, procedure: 'PerformanceService/RegisterPerformance', request });
  }

  #reportFailure(mspid: string): WorkItem | undefined {
    const task = this.#workOf(mspid, ({ state }) => state === 'executing');
    if (task === undefined) return undefined;
    const request = buildNewFailureReport(this.#random, { assetKey: task.key });
    return item({ mspid, procedure: 'FailureReportService/RegisterFailureReport', request }, () => {
      task.state = 'over';
    });
  }

  #read(mspid: string): WorkItem | undefined {
    const [plan, task] = [this.#any(this.#plans.slice(-YOUNG_PLANS)), this.#any(this.#tasks.slice(-YOUNG_TASKS))];
    if (plan === undefined || task === undefined) return undefined;
    return this.#random.pick([
      item({ mspid, procedure: 'ComputePlanService/GetPlan', request: { key: plan.key } }),
      item({ mspid, procedure: 'ComputePlanService/IsPlanRunning', request: { key: plan.key } }),
      item({ mspid, procedure: 'ComputeTaskService/GetTask', request: { key: task.key } }),
      item({ mspid, procedure: 'ModelService/GetComputeTaskOutputModels', request: { computeTaskKey: task.key } }),
    ]);
  }

  /** A young task that an organization works on. */
  #workOf(mspid: string, isRipe: (task: Task) => boolean): Task | undefined {
    return this.#any(this.#tasks.slice(-YOUNG_TASKS).filter((task) => task.worker === mspid && isRipe(task)));
  }

  /** Mostly one of an organization's own. */
  #pick<T extends Asset>(assets: readonly T[], mspid: string): T | undefined {
    return this.#any(this.#random.chance(97) ? assets.filter(({ owner }) => owner === mspid) : assets);
  }

  #any<T>(items: readonly T[]): T | undefined {
    return items.length === 0 ? undefined : this.#random.pick(items);
  }
}

function item({ mspid, procedure, request }: Omit<WorkItem, 'answered'>, answered: () => unknown = () => undefined): WorkItem {
  const complete = codecsOf(procedure).request.fromPartial(request) as object;
  return { mspid, procedure, request: complete, answered: () => void answered() };
}

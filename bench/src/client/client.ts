import { join } from 'node:path';
import { Child, type ChildOptions } from '../process/child.ts';
import { within } from '../process/clock.ts';
import type { FollowFigures, FollowJob, Job, LoadFigures, LoadJob, Report } from './jobs.ts';

const JOB_TIMEOUT_MS = 300_000;

/** Clients in a process of their own, so that they do not wait for one who measures. */
export class Client implements AsyncDisposable {
  readonly #child: Child;

  constructor(options: ChildOptions = {}) {
    this.#child = new Child(join(import.meta.dirname, 'client-process.ts'), options);
  }

  /** @throws Error when it takes minutes. */
  async load(job: Omit<LoadJob, 'kind'>): Promise<LoadFigures> {
    this.#child.send({ kind: 'load', ...job } satisfies Job);
    const report = await this.#next();
    if (report.kind !== 'load') throw new Error('the client did something else');
    return report.figures;
  }

  /**
   * Begins to follow. @returns once all followers are accepted, what leads to their figures.
   *
   * @throws Error when a stream ends early, or it takes minutes.
   */
  async follow(job: Omit<FollowJob, 'kind'>): Promise<{ readonly done: Promise<FollowFigures> }> {
    this.#child.send({ kind: 'follow', ...job } satisfies Job);
    const report = await this.#next();
    if (report.kind !== 'following') throw new Error('the client did something else');
    const done = this.#next().then((end) => {
      if (end.kind !== 'follow') throw new Error('the client did something else');
      return end.figures;
    });
    return { done };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child[Symbol.asyncDispose]();
  }

  async #next(): Promise<Report> {
    const report = (await within(this.#child.next(), JOB_TIMEOUT_MS, 'a job of the client')) as Report;
    if (report.kind === 'failed') throw new Error(report.why);
    return report;
  }
}

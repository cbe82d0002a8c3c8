import { invalidAsset } from '../errors/orchestration-error.ts';

/** More would not fit into an error message. */
const MAX_PROBLEMS = 50;

/** Collects what is wrong with a request, so that one answer names every bad field. */
export class Problems {
  readonly #found: string[] = [];

  /** @param field path of the field, e.g. `tasks[3].key`; @param expectation what it should be. */
  add(field: string, expectation: string): void {
    if (this.#found.length < MAX_PROBLEMS) this.#found.push(`${field}: ${expectation}`);
  }

  /** @throws OrchestrationError OE0101 that lists everything added. */
  throwIfAny(): void {
    if (this.#found.length > 0) throw invalidAsset(`invalid request: ${this.#found.join('; ')}`);
  }
}

import { invalidAsset } from '../errors/orchestration-error.ts';

/** More would not fit into an error message. */
const MAX_PROBLEMS = 50;

/** Collects what is wrong with a request, so that one answer names every bad field. */
export class Problems {
  readonly #found: string[] = [];
  /** Fields and places in them, in turn. */
  readonly #within: (string | number)[] = [];

  /**
   * What is added from now on lies inside of this element of a list or a map, until `leave`. No text is made for what is
   * right.
   */
  enter(field: string, place: number | string): void {
    this.#within.push(field, place);
  }

  leave(): void {
    this.#within.length -= 2;
  }

  /** @param field path of the field, e.g. `tasks[3].key`; @param expectation what it should be. */
  add(field: string, expectation: string): void {
    if (this.#found.length < MAX_PROBLEMS) this.#found.push(`${this.#place(field)}: ${expectation}`);
  }

  /** Of the element itself that was entered last. */
  addHere(expectation: string): void {
    this.add('', expectation);
  }

  #place(field: string): string {
    const parts = this.#within.map((part, index) => {
      if (index % 2 === 0) return `.${part}`;
      return typeof part === 'number' ? `[${part}]` : `["${part}"]`;
    });
    if (field !== '') parts.push(`.${field}`);
    return parts.join('').slice(1);
  }

  /** @throws OrchestrationError OE0101 that lists everything added. */
  throwIfAny(): void {
    if (this.#found.length > 0) throw invalidAsset(`invalid request: ${this.#found.join('; ')}`);
  }
}

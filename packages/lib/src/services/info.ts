import type { QueryVersionResponse } from '../gen/orchestrator/info.ts';
import type { Scope } from './scope.ts';

/** What is known of the server itself. */
export class InfoService {
  readonly #scope: Scope;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  /** The product's version. */
  queryVersion(): Promise<QueryVersionResponse> {
    return Promise.resolve({ orchestrator: this.#scope.settings.version });
  }
}

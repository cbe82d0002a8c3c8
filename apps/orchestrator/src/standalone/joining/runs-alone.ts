/** Thrown when a request cannot run beside others. It never reaches a client. */
export class RunsAlone extends Error {
  /** What of the store it used, when no request that uses it can; undefined when it was the state that was in the way. */
  readonly method: string | undefined;

  constructor(method?: string) {
    super(`the request has to run by itself${method === undefined ? '' : `: ${method}`}`);
    this.name = 'RunsAlone';
    this.method = method;
  }
}

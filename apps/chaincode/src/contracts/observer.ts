/** How an invocation ended: `ok`, an error code, or `too-large`. */
export interface InvocationEnd {
  /** As `orchestrator.computetask:RegisterTasks`. */
  readonly functionName: string;
  readonly channel: string;
  readonly outcome: string;
  readonly durationMs: number;
}

/** Is told of every invocation of a procedure. */
export interface InvocationObserver {
  onEnd(end: InvocationEnd): void;
}

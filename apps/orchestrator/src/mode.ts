import type { Procedure } from '@orchestrator/lib';

/** Who calls, as the request's headers say. */
export interface Caller {
  readonly channel: string;
  readonly mspid: string;
  /** Only distributed mode uses it. */
  readonly chaincode?: string | undefined;
  readonly requestId: string;
  readonly idempotencyKey?: string | undefined;
}

/** One unary call, decoded and validated. */
export interface UnaryCall {
  readonly procedure: Procedure;
  readonly request: unknown;
  readonly caller: Caller;
  /** Aborted when the client cancels or its deadline passes: what waits then stops waiting. */
  readonly signal: AbortSignal;
  /** The client's deadline in milliseconds since 1970, or Infinity. */
  readonly deadlineMs: number;
}

/** A position in a channel's event log, with what comes after it. */
export interface EventSubscription extends AsyncDisposable {
  /**
   * The next events in their wire form, at least one, in order; waits until there are some.
   *
   * @throws UnavailableError when the server drains or cannot read the events any more.
   */
  next(): Promise<readonly Uint8Array[]>;
}

/** What an execution mode gives to the gRPC layer. */
export interface Mode extends AsyncDisposable {
  /**
   * Runs a procedure.
   *
   * @returns the answer in its wire form.
   * @throws OrchestrationError for refusals; UnavailableError for passing conditions; anything else is a bug.
   */
  call(call: UnaryCall): Promise<Uint8Array>;
  /**
   * Follows a channel's events after `startEventId`, from the first one when it is empty.
   *
   * @throws OrchestrationError OE0002 for an unknown id; UnavailableError.
   */
  subscribe(caller: Caller, startEventId: string): Promise<EventSubscription>;
  /** Whether requests can be served now; false while the store is out of reach. */
  isReady(): boolean;
  /** Tells of changes of `isReady`. */
  onReadiness(listener: (ready: boolean) => void): void;
  /** Ends all subscriptions with UnavailableError and refuses new ones. */
  drain(): void;
}

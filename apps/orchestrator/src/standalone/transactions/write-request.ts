import type { Procedure, Replay } from '@orchestrator/lib';

/** A writing request, as a transaction runs it. */
export interface WriteRequest {
  readonly procedure: Procedure;
  /** Decoded and validated. */
  readonly request: unknown;
  readonly mspid: string;
  readonly replay?: Replay | undefined;
}

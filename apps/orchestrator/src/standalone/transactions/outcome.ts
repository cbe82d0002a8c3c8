import { type Event, OrchestrationError, type Procedure, type ServiceSettings } from '@orchestrator/lib';
import { MessageTooLargeError } from '../../errors.ts';
import type { StoredEvent } from '../dbal/event-log.ts';

/** What became of one request: its answer, or the error that refused it. */
export type Outcome =
  | {
      readonly answer: Uint8Array;
      readonly events: readonly Event[];
      /** The same events as the log has them. */
      readonly stored: readonly StoredEvent[];
    }
  | { readonly refusal: Error };

/** Where a group's transaction runs. */
export interface GroupEnvironment {
  readonly channel: { readonly id: number; readonly name: string };
  readonly settings: ServiceSettings;
  /** Largest answer in bytes. */
  readonly maxAnswerBytes: number;
  newEventId(instant: bigint): string;
  /** Procedures that were seen to need more than they can have beside others; filled as they are seen. */
  readonly aloneProcedures: Set<Procedure>;
}

/** Whether an error is the answer to the one request, and no failure of its transaction. */
export function isRefusal(error: unknown): error is OrchestrationError | MessageTooLargeError {
  return error instanceof OrchestrationError || error instanceof MessageTooLargeError;
}

/** @throws MessageTooLargeError */
export function requireSize(what: 'answer' | 'event', { length }: Uint8Array, limitBytes: number): void {
  if (length > limitBytes) throw new MessageTooLargeError({ what, bytes: length, limitBytes });
}

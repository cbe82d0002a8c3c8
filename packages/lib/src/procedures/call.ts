import { isEncoded } from '../codec/codec.ts';
import { encodeMessage } from '../codec/encoding.ts';
import { conflictingReplay } from '../errors/replay.ts';
import type { Dbal } from '../dbal/dbal.ts';
import type { Event } from '../gen/orchestrator/event.ts';
import { EventSink } from '../events/sink.ts';
import type { ServiceSettings, TransactionContext } from '../services/scope.ts';
import { createServices } from '../services/services.ts';
import type { Procedure } from './procedure.ts';

/** The idempotency key of a writing request and the digest of its content. */
export interface Replay {
  readonly key: string;
  /** SHA-256, in hex, of `replayContent`. */
  readonly digest: string;
}

/** One call of a procedure inside a transaction. */
export interface ProcedureCall {
  readonly procedure: Procedure;
  /** Decoded and validated. */
  readonly request: unknown;
  readonly context: TransactionContext;
  readonly dbal: Dbal;
  readonly settings: ServiceSettings;
  /** Only of writing procedures. */
  readonly replay?: Replay | undefined;
}

/** What a procedure did. */
export interface ProcedureResult {
  /** In its wire form. */
  readonly answer: Uint8Array;
  /** The events that it made, in order; none when an earlier answer was replayed. */
  readonly events: readonly Event[];
}

/**
 * Runs a procedure in a transaction that the caller opened and will commit: the business logic, then its events.
 *
 * @throws OrchestrationError for every refusal; the caller then rolls back.
 */
export async function callProcedure(call: ProcedureCall): Promise<ProcedureResult> {
  const { context, dbal, replay, settings } = call;
  if (replay !== undefined) {
    const earlier = await dbal.replay.getAnswer(context.mspid, replay.key);
    if (earlier !== undefined) {
      if (earlier.digest !== replay.digest) throw conflictingReplay(replay.key);
      return { answer: earlier.answer, events: [] };
    }
  }
  const events = new EventSink(context);
  const services = createServices({ context, dbal, events, settings });
  const response = await call.procedure.call(services, call.request);
  const answer = isEncoded(response) ? response.bytes : encodeMessage(call.procedure.response, response);
  const made = events.toEvents();
  if (made.length > 0) dbal.event.addEvents(made);
  if (replay !== undefined) dbal.replay.storeAnswer(context.mspid, replay.key, { digest: replay.digest, answer });
  return { answer, events: made };
}

import { createHash } from 'node:crypto';
import {
  callProcedure,
  Event,
  formatAnswer,
  type IncomingInvocation,
  MessageTooLargeError,
  parseInvocation,
  type Procedure,
  type Replay,
  replayContent,
  type ServiceSettings,
} from '@orchestrator/lib';
import { createLedgerDbal } from '../ledger/ledger-dbal.ts';
import { LedgerTransaction } from '../ledger/ledger-transaction.ts';
import type { LedgerStub } from '../ledger/stub.ts';
import { type ProposalTime, transactionInstant } from './transaction-time.ts';

/** What a procedure needs of the shim's stub. */
export interface ProcedureStub extends LedgerStub {
  getTxID(): string;
  getChannelID(): string;
  getTxTimestamp(): ProposalTime;
}

/** One invocation of a procedure. */
export interface Invocation {
  readonly procedure: Procedure;
  readonly stub: ProcedureStub;
  /** The MSP id of the transaction's creator. */
  readonly mspid: string;
  /** As `formatInvocation` writes it. */
  readonly text: string;
  readonly settings: ServiceSettings;
}

/** What an invocation gives. */
export interface InvocationResult {
  /** As `formatAnswer` writes it. */
  readonly text: string;
  /** JSON texts of the events that it made, in order. */
  readonly events: readonly string[];
}

/** Reads the argument of an invocation and checks the request by itself. @throws OrchestrationError */
export function readInvocation(procedure: Procedure, text: string): IncomingInvocation {
  const invocation = parseInvocation(procedure, text);
  procedure.validate(invocation.request);
  return invocation;
}

/**
 * Runs a procedure as one transaction on the ledger: its writes are sent to the peer when it has succeeded.
 *
 * @param incoming what `readInvocation` gave.
 * @throws OrchestrationError for every refusal, MessageTooLargeError for an event that no client could take.
 */
export async function runProcedure(invocation: Invocation, incoming: IncomingInvocation): Promise<InvocationResult> {
  const { procedure, stub, mspid, settings } = invocation;
  const txId = stub.getTxID();
  const instant = transactionInstant(() => stub.getTxTimestamp());
  const transaction = new LedgerTransaction({ stub, txId, instant, readOnly: procedure.kind !== 'write' });
  const events: string[] = [];
  const dbal = createLedgerDbal(transaction, (texts) => {
    for (const text of texts) events.push(text);
  });
  const { answer, events: made } = await callProcedure({
    procedure,
    request: incoming.request,
    context: { channel: stub.getChannelID(), mspid, instant, eventId: (index) => `${txId}:${index}` },
    dbal,
    settings,
    replay: replayOf(procedure, incoming),
  });
  for (const event of made) requireSize(Event.encode(event).finish().length, settings.maxPageBytes);
  await transaction.flush();
  return { text: formatAnswer({ procedure, answer, requestId: incoming.requestId }), events };
}

/** An event that a client cannot take would end its stream at that place for ever. */
function requireSize(bytes: number, limitBytes: number): void {
  if (bytes > limitBytes) throw new MessageTooLargeError({ what: 'event', bytes, limitBytes });
}

function replayOf(procedure: Procedure, { request, idempotencyKey }: IncomingInvocation): Replay | undefined {
  if (idempotencyKey === undefined || procedure.kind !== 'write') return undefined;
  return { key: idempotencyKey, digest: createHash('sha256').update(replayContent(procedure, request)).digest('hex') };
}

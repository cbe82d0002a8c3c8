import { hrtime } from 'node:process';
import {
  ErrorCode,
  functionName,
  type IncomingInvocation,
  MessageTooLargeError,
  OrchestrationError,
  type Procedure,
  type ServiceSettings,
} from '@orchestrator/lib';
import type { Log } from '../log.ts';
import type { InvocationObserver } from './observer.ts';
import { type InvocationResult, type ProcedureStub, readInvocation, runProcedure } from './run-procedure.ts';

const NANOS_PER_MILLI = 1e6;

interface RunnerOptions {
  readonly settings: ServiceSettings;
  readonly log: Log;
  readonly observer?: InvocationObserver | undefined;
}

interface Running {
  readonly procedure: Procedure;
  readonly stub: ProcedureStub;
  readonly mspid: string;
  readonly text: string;
}

/** Runs procedures, with a log entry for each and without letting an unexpected error out. */
export class ProcedureRunner {
  readonly #options: RunnerOptions;

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  /** @throws OrchestrationError, also OE0007 in place of what was unexpected; MessageTooLargeError. */
  async run(running: Running): Promise<InvocationResult> {
    const begin = hrtime.bigint();
    let incoming: IncomingInvocation | undefined;
    try {
      incoming = readInvocation(running.procedure, running.text);
      const result = await runProcedure({ ...running, settings: this.#options.settings }, incoming);
      this.#end(running, { begin, requestId: incoming.requestId });
      return result;
    } catch (error) {
      const requestId = incoming?.requestId ?? '';
      const told = this.#tell(error, { running, requestId });
      this.#end(running, { begin, requestId, refusal: told });
      throw told;
    }
  }

  /** What the client is told; the rest goes to the log. */
  #tell(error: unknown, { running, requestId }: { readonly running: Running; readonly requestId: string }): Error {
    if (error instanceof OrchestrationError || error instanceof MessageTooLargeError) return error;
    const txId = running.stub.getTxID();
    this.#options.log.error({ error, requestId, txId, method: functionName(running.procedure) }, 'a procedure failed');
    return new OrchestrationError(ErrorCode.Internal, `internal error, request ${requestId}`);
  }

  #end(
    { procedure, stub, mspid }: Running,
    { begin, requestId, refusal }: { readonly begin: bigint; readonly requestId: string; readonly refusal?: Error },
  ): void {
    const durationMs = Number(hrtime.bigint() - begin) / NANOS_PER_MILLI;
    const name = functionName(procedure);
    const channel = stub.getChannelID();
    const outcome = refusal instanceof OrchestrationError ? refusal.code : refusal === undefined ? 'ok' : 'too-large';
    this.#options.observer?.onEnd({ functionName: name, channel, outcome, durationMs });
    const fields = { requestId, txId: stub.getTxID(), method: name, mspid, channel, durationMs, status: outcome, refusal: refusal?.message };
    this.#options.log.info(fields, 'invocation');
  }
}

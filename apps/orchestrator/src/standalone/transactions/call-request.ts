import { callProcedure, type Dbal, type ProcedureResult } from '@orchestrator/lib';
import { loopTurns, turnsOwner } from '../../lines/loop-turns.ts';
import type { GroupEnvironment } from './outcome.ts';
import type { RequestScope } from './request-scope.ts';
import type { WriteRequest } from './write-request.ts';

/** A writing request, and where in a transaction it runs. */
export interface RequestCall {
  readonly request: WriteRequest;
  readonly scope: RequestScope;
  /** Its place among the requests of the scope. */
  readonly index: number;
  readonly environment: GroupEnvironment;
  readonly dbal: Dbal;
}

/** Runs the procedure of a writing request. @throws OrchestrationError, or what the store threw. */
export function callRequest({ request, scope, index, environment, dbal }: RequestCall): Promise<ProcedureResult> {
  const { procedure, mspid, replay } = request;
  const channel = environment.channel.name;
  return callProcedure({
    procedure,
    request: request.request,
    context: {
      channel,
      mspid,
      get instant() {
        return scope.instantOf(index);
      },
      eventId: () => environment.newEventId(scope.instantOf(index)),
      pause: () => loopTurns.enter(turnsOwner({ channel, mspid }, 'unary')),
    },
    dbal,
    settings: environment.settings,
    replay,
  });
}

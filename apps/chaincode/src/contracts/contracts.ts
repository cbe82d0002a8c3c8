import { CHAINCODE_EVENT_NAME, contractName, joinEventTexts, type Procedure, procedures } from '@orchestrator/lib';
import { Context, Contract } from 'fabric-contract-api';
import type { InvocationResult, ProcedureStub } from './run-procedure.ts';

/** Runs one invocation of a procedure, with the shim's stub and the MSP id of the creator. */
export type RunInvocation = (invocation: {
  readonly procedure: Procedure;
  readonly stub: ProcedureStub;
  readonly mspid: string;
  readonly text: string;
}) => Promise<InvocationResult>;

/** The context of one transaction. */
class ProcedureContext extends Context {
  events: readonly string[] = [];
}

/** The procedures that can be invoked: all but the event stream, which the facade serves from the ledger's events. */
export const invocableProcedures: readonly Procedure[] = procedures.filter(({ kind }) => kind !== 'stream');

/**
 * One contract class for each service of the table, named `orchestrator.<asset>`, with one transaction function for
 * each of its procedures and no other: the shim calls whatever it finds on the prototype.
 */
export function createContracts(run: RunInvocation): (new () => Contract)[] {
  const services = Map.groupBy(invocableProcedures, contractName);
  return Array.from(services, ([name, rows]) => createContract(name, rows, run));
}

function createContract(name: string, rows: readonly Procedure[], run: RunInvocation): new () => Contract {
  class AssetContract extends ProcedureContract {
    constructor() {
      super(name);
    }
  }
  for (const procedure of rows) {
    // A rest parameter keeps the shim from compiling a schema for each call; whoever calls has counted.
    const value = async (context: ProcedureContext, ...[text = '']: readonly string[]): Promise<string> => {
      const mspid = context.clientIdentity.getMSPID();
      const result = await run({ procedure, stub: context.stub, mspid, text });
      context.events = result.events;
      return result.text;
    };
    Object.defineProperty(AssetContract.prototype, procedure.method, { value });
  }
  return AssetContract;
}

class ProcedureContract extends Contract {
  override createContext(): ProcedureContext {
    return new ProcedureContext();
  }

  /** Fabric keeps one event of a transaction: the last one that was set. */
  override async afterTransaction(context: Context): Promise<void> {
    if (!(context instanceof ProcedureContext) || context.events.length === 0) return;
    context.stub.setEvent(CHAINCODE_EVENT_NAME, joinEventTexts(context.events));
  }
}

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
 * One contract for each service of the table, named `orchestrator.<asset>`, with one transaction function for each of
 * its procedures and no other: everything on a contract's prototype can be called.
 */
export function createContracts(run: RunInvocation): readonly Contract[] {
  const services = Map.groupBy(invocableProcedures, contractName);
  return Array.from(services, ([name, rows]) => createContract(name, rows, run));
}

/** The names of a contract's transaction functions. */
export function transactionsOf(contract: Contract): readonly string[] {
  const own = Object.getOwnPropertyNames(Object.getPrototypeOf(contract));
  return own.filter((name) => name !== 'constructor');
}

function createContract(name: string, rows: readonly Procedure[], run: RunInvocation): Contract {
  class AssetContract extends ProcedureContract {}
  for (const procedure of rows) {
    const value = async (context: ProcedureContext, text: string): Promise<string> => {
      const { mspid } = context.stub.getCreator();
      const result = await run({ procedure, stub: context.stub, mspid, text });
      context.events = result.events;
      return result.text;
    };
    Object.defineProperty(AssetContract.prototype, procedure.method, { value });
  }
  return new AssetContract(name);
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

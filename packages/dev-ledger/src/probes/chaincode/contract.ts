import fabric, { type Context } from 'fabric-contract-api';
import { failureFunctions } from './failure-functions.ts';
import { bytes, type FunctionTable, read } from './function-table.ts';
import { callFunctions, eventFunctions, historyFunctions } from './further-functions.ts';
import { scanFunctions } from './scan-functions.ts';
import { stateFunctions } from './state-functions.ts';
import { valueFunctions } from './value-functions.ts';

const functions: FunctionTable = {
  ...stateFunctions,
  ...scanFunctions,
  ...historyFunctions,
  ...eventFunctions,
  ...failureFunctions,
  ...valueFunctions,
  ...callFunctions,
};

/** The default contract: small functions that each exercise one behaviour of a peer. */
export class ProbeContract extends fabric.Contract {
  constructor() {
    super('probe');
  }

  override async unknownTransaction({ stub }: Context): Promise<void> {
    const { fcn, params } = stub.getFunctionAndParameters();
    // An init call names no function, and its contract must not fail it.
    if (fcn !== '') throw new Error(`unknown:${JSON.stringify([fcn, params])}`);
    return 'init' as unknown as undefined;
  }
}
// The shim offers what it finds on the prototype.
Object.assign(ProbeContract.prototype, functions);

type TracedContext = Context & { trace: string[] };

/** Records the order of the hooks. */
export class HooksContract extends fabric.Contract {
  constructor() {
    super('hooks');
  }

  override createContext(): Context {
    return Object.assign(super.createContext(), { trace: ['createContext'] });
  }

  override async beforeTransaction(context: Context): Promise<void> {
    traceOf(context).push('before');
  }

  // The types call `name` a function; it is a string.
  override async aroundTransaction(context: Context, name: unknown, parameters: unknown): Promise<void> {
    traceOf(context).push(`around:${typeof name}:${String(name)}:${JSON.stringify(parameters)}`);
    return super.aroundTransaction(context, name as () => void, parameters);
  }

  override async afterTransaction(context: Context, result: unknown): Promise<void> {
    traceOf(context).push(`after:${JSON.stringify(result)}`);
    await context.stub.putState('hooks', bytes(JSON.stringify(traceOf(context))));
  }

  override async unknownTransaction(context: Context): Promise<void> {
    const trace = traceOf(context);
    trace.push(`unknown:${context.stub.getFunctionAndParameters().fcn}`);
    await context.stub.putState('hooks', bytes(JSON.stringify(trace)));
    return trace as unknown as undefined;
  }

  async run(context: Context, argument: string): Promise<readonly string[]> {
    traceOf(context).push(`run:${argument}`);
    return [...traceOf(context)];
  }

  async fail(context: Context): Promise<void> {
    traceOf(context).push('fail');
    throw new Error(JSON.stringify(traceOf(context)));
  }

  async last(context: Context): Promise<string> {
    return read(context, 'hooks');
  }
}

function traceOf(context: Context): string[] {
  return (context as TracedContext).trace;
}

import { isUtf8 } from 'node:buffer';
import { ErrorCode, invalidAsset, MessageTooLargeError, OrchestrationError, type ServiceSettings } from '@orchestrator/lib';
import type { Contract } from 'fabric-contract-api';
import type { ChaincodeInterface, ChaincodeResponse, ChaincodeStub } from 'fabric-shim';
import type { Log } from '../log.ts';
import { clipMessage } from './clip-message.ts';
import { createContracts, transactionsOf } from './contracts.ts';
import type { InvocationObserver } from './observer.ts';
import { ProcedureRunner } from './procedure-runner.ts';

/** The stub as the shim makes it; its types leave out the arguments' bytes. */
type RawStub = ChaincodeStub & { getBufferArgs(): readonly Buffer[] };

/** What the chaincode is made of. */
export interface ChaincodeOptions {
  readonly settings: ServiceSettings;
  readonly log: Log;
  readonly observer?: InvocationObserver | undefined;
}

/** A function that can be invoked, and its one argument. */
interface Call {
  readonly contract: Contract;
  readonly method: string;
  readonly text: string;
}

const OK = 200;
const ERROR = 500;

/**
 * The chaincode: finds the contract's function that an invocation means and runs it with the contract's hooks.
 *
 * The shim's own dispatcher is not used. It lets a system contract and functions without contract name be invoked,
 * gives errors without a code, parses the creator's certificate and compiles a schema for each call.
 */
export class OrchestratorChaincode implements ChaincodeInterface {
  readonly #functions: ReadonlyMap<string, Omit<Call, 'text'>>;
  readonly #log: Log;
  #running = 0;

  constructor(options: ChaincodeOptions) {
    const runner = new ProcedureRunner(options);
    const contracts = createContracts((invocation) => runner.run(invocation));
    const functions = contracts.flatMap((contract) =>
      transactionsOf(contract).map((method) => [`${contract.getName()}:${method}`, { contract, method }] as const),
    );
    this.#functions = new Map(functions);
    this.#log = options.log;
  }

  /** How many transactions are under way. */
  get runningCount(): number {
    return this.#running;
  }

  /** A chaincode that needs an initialization is given one without arguments or with an empty function name: nothing is to do. */
  async Init(stub: ChaincodeStub): Promise<ChaincodeResponse> {
    const [name = ''] = argumentsOf(stub).map(String);
    if (name === '') return success('');
    return failure(new OrchestrationError(ErrorCode.Unimplemented, 'an initialization takes no function'));
  }

  /** Runs a procedure; answers every refusal and failure with a coded message. */
  async Invoke(stub: ChaincodeStub): Promise<ChaincodeResponse> {
    this.#running += 1;
    try {
      return success(await run(this.#find(argumentsOf(stub)), stub));
    } catch (error) {
      if (error instanceof OrchestrationError || error instanceof MessageTooLargeError) return failure(error);
      const txId = stub.getTxID();
      this.#log.error({ error, txId }, 'a transaction failed');
      return failure(new OrchestrationError(ErrorCode.Internal, `internal error, transaction ${txId}`));
    } finally {
      this.#running -= 1;
    }
  }

  /** @throws OrchestrationError OE0101 for arguments of another form, OE0010 for an unknown function. */
  #find(args: readonly Buffer[]): Call {
    if (!args.every((each) => isUtf8(each))) throw invalidAsset('the arguments of the invocation are not valid UTF-8');
    const [name = '', ...texts] = args.map(String);
    const found = this.#functions.get(name);
    if (found === undefined) {
      throw new OrchestrationError(ErrorCode.Unimplemented, `the chaincode has no function ${JSON.stringify(name)}`);
    }
    const [text] = texts;
    if (text === undefined || texts.length > 1) throw invalidAsset(`the function takes one argument, not ${texts.length}`);
    return { ...found, text };
  }
}

async function run({ contract, method, text }: Call, stub: ChaincodeStub): Promise<string> {
  const context = contract.createContext();
  context.stub = stub;
  await contract.beforeTransaction(context);
  // The types ask for a function and promise nothing; in truth it is the function's name, and what that gives.
  const result: unknown = await contract.aroundTransaction(context, method as unknown as () => void, [text]);
  await contract.afterTransaction(context, result);
  return String(result);
}

function argumentsOf(stub: ChaincodeStub): readonly Buffer[] {
  return (stub as RawStub).getBufferArgs();
}

function success(text: string): ChaincodeResponse {
  return { status: OK, message: '', payload: Buffer.from(text, 'utf8') };
}

function failure({ message }: Error): ChaincodeResponse {
  return { status: ERROR, message: clipMessage(message), payload: Buffer.alloc(0) };
}

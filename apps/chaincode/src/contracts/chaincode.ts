import { isUtf8 } from 'node:buffer';
import { ErrorCode, functionName, invalidAsset, OrchestrationError, parseFailure, type ServiceSettings } from '@orchestrator/lib';
import type { ChaincodeInterface, ChaincodeResponse, ChaincodeStub } from 'fabric-shim';
import ChaincodeFromContract from 'fabric-shim/lib/contract-spi/chaincodefromcontract.js';
import type { Log } from '../log.ts';
import { createContracts, invocableProcedures } from './contracts.ts';
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

const OK = 200;
const ERROR = 500;

/** Results are texts already. */
class TextSerializer {
  toBuffer(result: unknown): Buffer {
    return Buffer.from(String(result), 'utf8');
  }
}

/**
 * The chaincode: the contracts behind a gate that lets only procedures of the table through. What the contract API
 * brings along (its system contract, functions without contract name) cannot be invoked, and every error has a code.
 */
export class OrchestratorChaincode implements ChaincodeInterface {
  readonly #contracts: ChaincodeInterface;
  readonly #functions: ReadonlySet<string> = new Set(invocableProcedures.map(functionName));
  readonly #log: Log;
  #running = 0;

  constructor(options: ChaincodeOptions) {
    const runner = new ProcedureRunner(options);
    const serializers = { transaction: 'text', serializers: { text: TextSerializer } };
    this.#contracts = new ChaincodeFromContract(createContracts((invocation) => runner.run(invocation)), serializers);
    this.#log = options.log;
  }

  /** How many transactions are under way. */
  get runningCount(): number {
    return this.#running;
  }

  /** A chaincode that needs an initialization is given one without arguments or with an empty function name: nothing is to do. */
  async Init(stub: ChaincodeStub): Promise<ChaincodeResponse> {
    const [name = ''] = argumentsOf(stub).map(String);
    if (name === '') return { status: OK, message: '', payload: Buffer.alloc(0) };
    return failure(new OrchestrationError(ErrorCode.Unimplemented, 'an initialization takes no function'));
  }

  /** Runs a procedure; answers every refusal and failure with a coded message. */
  async Invoke(stub: ChaincodeStub): Promise<ChaincodeResponse> {
    this.#running += 1;
    try {
      this.#requireProcedure(argumentsOf(stub));
      const response = await this.#contracts.Invoke(stub);
      const { status, message = '' } = response;
      if (status < ERROR || parseFailure(message) !== undefined) return response;
      throw new Error(message);
    } catch (error) {
      if (error instanceof OrchestrationError) return failure(error);
      const txId = stub.getTxID();
      this.#log.error({ error, txId }, 'a transaction failed');
      return failure(new OrchestrationError(ErrorCode.Internal, `internal error, transaction ${txId}`));
    } finally {
      this.#running -= 1;
    }
  }

  /** @throws OrchestrationError OE0101 for arguments of another form, OE0010 for an unknown function. */
  #requireProcedure(args: readonly Buffer[]): void {
    if (!args.every((each) => isUtf8(each))) throw invalidAsset('the arguments of the invocation are not valid UTF-8');
    const [name = '', ...texts] = args.map(String);
    if (!this.#functions.has(name)) {
      throw new OrchestrationError(ErrorCode.Unimplemented, `the chaincode has no function ${JSON.stringify(name)}`);
    }
    if (texts.length !== 1) throw invalidAsset(`the function takes one argument, not ${texts.length}`);
  }
}

function argumentsOf(stub: ChaincodeStub): readonly Buffer[] {
  return (stub as RawStub).getBufferArgs();
}

function failure({ message }: OrchestrationError): ChaincodeResponse {
  return { status: ERROR, message, payload: Buffer.alloc(0) };
}

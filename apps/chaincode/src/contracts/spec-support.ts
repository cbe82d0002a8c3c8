import { Buffer } from 'node:buffer';
import { decodeRequest, formatInvocation, type IncomingInvocation, functionName, parseAnswer, type Procedure, procedures } from '@orchestrator/lib';
import type { ChaincodeResponse, ChaincodeStub } from 'fabric-shim';
import { StubLedger, type StubTransaction } from '../ledger/spec-support.ts';
import { OrchestratorChaincode } from './chaincode.ts';

/** A certificate without meaning: the contract API wants one that can be parsed. */
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBljCCATugAwIBAgIUJOhrTyGimMfafgzo7HyrZfZkfOgwCgYIKoZIzj0EAwIw
IDEPMA0GA1UECgwGTXlPcmcxMQ0wCwYDVQQDDAR1c2VyMB4XDTI2MTEyMTE4MDcz
MFoXDTM2MTExODE4MDczMFowIDEPMA0GA1UECgwGTXlPcmcxMQ0wCwYDVQQDDAR1
c2VyMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEIiBhTYZQ/Qx/lWj7PZq/CtML
L6b3DLr46qU8VZt7j2cWFBIA80GBZc18Oom7IXp7yc1kBnYoACAQK2cuguhA96NT
MFEwHQYDVR0OBBYEFG0vZ5HpWMGimV8h5F2F5X/Nx87eMB8GA1UdIwQYMBaAFG0v
Z5HpWMGimV8h5F2F5X/Nx87eMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwID
SQAwRgIhAKNePZZzNbRaPJ0Yh2Ct53jRaaSBa8KawCLUknhVdpBdAiEAptPCGap9
3kBc9nvzGEZn6pISJwOx+a1QAKMB/7jQcJE=
-----END CERTIFICATE-----`;

const SETTINGS = { version: '0.0.0-test', maxPageBytes: 4 * 1024 * 1024 - 1024 };
const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };
const FIRST_INSTANT = 1_767_225_600_000_000n;
const MICROS_PER_SECOND = 1_000_000n;

/** One proposal. */
export interface Proposal {
  readonly channel: string;
  readonly mspid: string;
  readonly args: readonly (string | Buffer)[];
  /** Microseconds; the next one when absent. */
  readonly instant?: bigint;
  readonly txId?: string;
}

/** What became of a proposal. */
export interface Simulation {
  readonly response: ChaincodeResponse;
  readonly transaction: StubTransaction;
  readonly events: readonly { readonly name: string; readonly payload: Uint8Array }[];
}

/** The real chaincode over stubs of a peer: one ledger for each channel, transactions one after the other. */
export class StubPeer {
  readonly chaincode: OrchestratorChaincode;
  readonly #ledgers = new Map<string, StubLedger>();
  #transactions = 0;

  constructor(settings = SETTINGS, log = SILENT) {
    this.chaincode = new OrchestratorChaincode({ settings, log });
  }

  ledger(channel: string): StubLedger {
    let ledger = this.#ledgers.get(channel);
    if (ledger === undefined) this.#ledgers.set(channel, (ledger = new StubLedger()));
    return ledger;
  }

  /** Runs a proposal without committing it. */
  async simulate(proposal: Proposal, entry: 'Init' | 'Invoke' = 'Invoke'): Promise<Simulation> {
    this.#transactions += 1;
    const transaction = this.ledger(proposal.channel).begin();
    const events: { name: string; payload: Uint8Array }[] = [];
    const instant = proposal.instant ?? FIRST_INSTANT + BigInt(this.#transactions);
    const txId = proposal.txId ?? `${((this.#transactions * 7919) % 10_007).toString(16).padStart(4, '0')}${this.#transactions}`;
    const stub = {
      getBufferArgs: () => proposal.args.map((each) => Buffer.from(each)),
      getTxID: () => txId,
      getChannelID: () => proposal.channel,
      getCreator: () => ({ mspid: proposal.mspid, idBytes: Buffer.from(CERTIFICATE) }),
      getTxTimestamp: () => ({ seconds: instant / MICROS_PER_SECOND, nanos: Number(instant % MICROS_PER_SECOND) * 1000 + 999 }),
      getState: (key: string) => transaction.getState(key),
      putState: (key: string, value: Uint8Array) => transaction.putState(key, value),
      getStateByRange: (start: string, end: string) => transaction.getStateByRange(start, end),
      getStateByRangeWithPagination: (...range: [string, string, number, string?]) => transaction.getStateByRangeWithPagination(...range),
      setEvent: (name: string, payload: Uint8Array) => void events.push({ name, payload }),
    };
    const response = await this.chaincode[entry](stub as unknown as ChaincodeStub);
    return { response, transaction, events };
  }

  /** Runs a proposal, and commits what it wrote when it succeeded. */
  async submit(proposal: Proposal): Promise<Simulation> {
    const simulation = await this.simulate(proposal);
    if (simulation.response.status === 200) this.ledger(proposal.channel).commit(simulation.transaction);
    return simulation;
  }
}

/** The procedure of a service, both as in gRPC. */
export function findProcedure(service: string, method: string): Procedure {
  const found = procedures.find((row) => row.service === service && row.method === method);
  if (found === undefined) throw new Error(`there is no procedure ${service}/${method}`);
  return found;
}

/** The arguments of an invocation, from a request in its wire form. */
export function invocationOf(
  procedure: Procedure,
  bytes: Uint8Array,
  more: Partial<Pick<IncomingInvocation, 'requestId' | 'idempotencyKey'>> = {},
): readonly [string, string] {
  const request = decodeRequest(procedure.request, bytes);
  procedure.validate(request);
  return [functionName(procedure), formatInvocation({ procedure, request, requestId: 'r', ...more })];
}

/** The answer in its wire form. @throws Error for a refusal. */
export function answerOf(procedure: Procedure, { response }: Simulation): Uint8Array {
  if (response.status !== 200) throw new Error(response.message);
  return parseAnswer(procedure, Buffer.from(response.payload ?? []).toString('utf8'));
}

import { Buffer } from 'node:buffer';
import type { ChaincodeResponse, ChaincodeStub } from 'fabric-shim';
import { StubLedger, type StubTransaction } from '../ledger/spec-support.ts';
import { OrchestratorChaincode } from './chaincode.ts';

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
      getCreator: () => ({ mspid: proposal.mspid, idBytes: Buffer.alloc(0) }),
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

import { type ConformanceStore, type ConformanceWork, dbalConformance } from '@orchestrator/testing/conformance';
import type { ChaincodeStub } from 'fabric-shim';
import { transactionInstant } from '../contracts/transaction-time.ts';
import { ChaincodeServer } from '../server/chaincode-server.ts';
import { CallbackChaincode } from '../testing/callback-chaincode.ts';
import { findFreeAddress } from '../testing/free-address.ts';
import type { NetworkName } from '../testing/networks.ts';
import { PrefixedStub } from '../testing/prefixed-stub.ts';
import { WorkerNetwork } from '../testing/worker-network.ts';
import { createLedgerDbal } from './ledger-dbal.ts';
import { LedgerTransaction } from './ledger-transaction.ts';

const MSPID = 'MyOrg1MSP';
const CHANNEL = 'mychannel';
const CHAINCODE = 'rooms';
const LABEL = 'rooms_1';
const TARGET = { mspid: MSPID, channel: CHANNEL, chaincode: CHAINCODE, args: [] };

/** The DBAL on a network: this process is the chaincode, and each call of the suite goes through gateway and peer. */
class NetworkStore implements ConformanceStore {
  readonly maxBatchSize = 300;
  readonly #resources: AsyncDisposableStack;
  readonly #chaincode: CallbackChaincode;
  readonly #network: WorkerNetwork;
  #rooms = 0;

  private constructor(resources: AsyncDisposableStack, chaincode: CallbackChaincode, network: WorkerNetwork) {
    this.#resources = resources;
    this.#chaincode = chaincode;
    this.#network = network;
  }

  static async open(name: NetworkName): Promise<NetworkStore> {
    await using opening = new AsyncDisposableStack();
    const address = await findFreeAddress();
    // Only one organization endorses: the suite's work is not the same twice.
    const chaincodes = [{ channel: CHANNEL, name: CHAINCODE, package: LABEL, policy: `OR('${MSPID}.peer')`, installedAt: [MSPID] }];
    const { network, packageId } = await WorkerNetwork.start({ name, address, label: LABEL, chaincodes, mspid: MSPID });
    opening.use(network);
    const chaincode = new CallbackChaincode();
    await opening.use(new ChaincodeServer(chaincode, { ccid: packageId, address })).listen();
    return new NetworkStore(opening.move(), chaincode, network);
  }

  async openChannel(): Promise<string> {
    this.#rooms += 1;
    return `room${this.#rooms}`;
  }

  write<T>(channel: string, work: ConformanceWork<T>): Promise<T> {
    const callback = (stub: ChaincodeStub) => runIn({ stub, room: channel, work, readOnly: false });
    return this.#chaincode.run(callback, (name) => this.#network.submit({ ...TARGET, name }));
  }

  read<T>(channel: string, work: ConformanceWork<T>): Promise<T> {
    const callback = (stub: ChaincodeStub) => runIn({ stub, room: channel, work, readOnly: true });
    return this.#chaincode.run(callback, (name) => this.#network.evaluate({ ...TARGET, name }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }
}

async function runIn<T>(call: {
  readonly stub: ChaincodeStub;
  readonly room: string;
  readonly work: ConformanceWork<T>;
  readonly readOnly: boolean;
}): Promise<T> {
  const { stub, room, work, readOnly } = call;
  const txId = stub.getTxID();
  const instant = transactionInstant(() => stub.getTxTimestamp());
  const transaction = new LedgerTransaction({ stub: new PrefixedStub(stub, `${room}/`), txId, instant, readOnly });
  const context = { channel: room, mspid: stub.getCreator().mspid, instant, eventId: (index: number) => `${txId}:${index}` };
  const answer = await work(createLedgerDbal(transaction, () => undefined), context);
  if (!readOnly) await transaction.flush();
  return answer;
}

/** Runs the conformance suite of stores on a network. */
export function networkConformance(name: NetworkName): void {
  dbalConformance(`the ledger on ${name}`, () => NetworkStore.open(name));
}

import { setTimeout as delay } from 'node:timers/promises';
import type { Contract, Network, Transaction } from '@hyperledger/fabric-gateway';
import { common } from '@hyperledger/fabric-protos';
import { findFreeAddresses } from './addresses.ts';
import { ProbeChaincode } from './chaincodes.ts';
import { type Connection, Connections, mainChannel, type OrganizationNumber } from './connections.ts';
import { collector } from './event-collection.ts';
import { HandMadeCalls } from './hand-made-calls.ts';
import { type Caller, issueByAnotherAuthority } from './identities.ts';
import type { LedgerNetwork, PeerSettings } from '../network.ts';
import { type Normalise, normaliser } from './normalise.ts';
import { type Outcome, outcomeTools, type ShownBytes } from './outcomes.ts';
import { Tap, type TapPoint } from './tap.ts';
import { submit, transactionTools } from './transactions.ts';

const WARM_TIMEOUT_MS = 60_000;
const WARM_PAUSE_MS = 300;

/** Some probes wait for the peer to give up a chaincode. */
export const impatient: PeerSettings = { executeTimeoutMs: 4_000 };

type Kind = 'contract' | 'raw';

/** Where one chaincode process is reached: by the peer, and by the tap. */
interface Place extends TapPoint {
  readonly kind: Kind;
  readonly number: OrganizationNumber;
}

/** What probes work with: clients, taps, chaincode processes, and the words for what they see. */
export interface ProbeKit extends ReturnType<typeof outcomeTools>, ReturnType<typeof transactionTools> {
  readonly network: LedgerNetwork;
  readonly connections: Connections;
  readonly byHand: HandMadeCalls;
  readonly tap: Tap;
  readonly wire: Tap['wire'];
  readonly invocations: Tap['invocations'];
  readonly collect: ReturnType<typeof collector>;
  /** The user of organization 1 at its peer, and organization 2's. */
  readonly org1: Connection;
  readonly org2: Connection;
  /** The probe contract, and the channel, as the user of organization 1. */
  readonly contract: Contract;
  readonly channel: Network;
  /** Calls of the probe contract as the user of organization 1: evaluated, submitted, or only endorsed. */
  readonly evaluate: (name: string, ...args: readonly (string | Uint8Array)[]) => Promise<Outcome<ShownBytes>>;
  readonly submit: (name: string, ...args: readonly (string | Uint8Array)[]) => Promise<Uint8Array>;
  readonly prepare: (name: string, args?: readonly (string | Uint8Array)[]) => Promise<Transaction>;
  /** The users of organizations 1 and 2. */
  readonly user: Caller;
  readonly user2: Caller;
  /** A caller whose certificate is by another CA, of the same name. */
  readonly stranger: Caller;
  /** A key, or a prefix of keys, that no probe has used. */
  readonly fresh: (prefix: string) => string;
  /** How many blocks the main channel has. */
  readonly height: () => Promise<bigint>;
  /** Notes something rough: a time, a count. */
  readonly fact: (name: string, value: unknown) => void;
  /** Starts a chaincode process where the peer connects to, without the tap; stops it. */
  readonly startChaincode: (kind: Kind, number: OrganizationNumber) => Promise<void>;
  readonly stopChaincode: (kind: Kind, number: OrganizationNumber, signal?: 'SIGTERM' | 'SIGKILL') => Promise<void>;
  /** Starts both peers anew, with these settings. */
  readonly restartPeers: (settings: PeerSettings) => Promise<void>;
  /** Waits until both chaincodes take transactions at an organization's peer. */
  readonly warm: (number?: OrganizationNumber) => Promise<void>;
}

/** A kit on a network, with the facts that its probes noted. */
export interface OpenKit extends AsyncDisposable {
  readonly kit: ProbeKit;
  readonly facts: Readonly<Record<string, unknown>>;
}

/**
 * Deploys the probe chaincodes to a fresh network and starts them behind the tap.
 *
 * @throws Error when the network does not take transactions within a minute.
 */
export async function openKit(network: LedgerNetwork): Promise<OpenKit> {
  await using resources = new AsyncDisposableStack();
  const places = await findPlaces();
  await deploy(network, places);
  const processes = new Map<Place, ProbeChaincode>();
  for (const place of places) {
    const { mspid } = organizationOf(network, place.number);
    const packageId = network.packageId(label(place.kind), mspid);
    const chaincode = resources.use(new ProbeChaincode({ kind: place.kind, mspid, packageId }));
    processes.set(place, chaincode);
    await chaincode.start(place.back);
  }
  const facts: Record<string, unknown> = {};
  const stranger = await issueByAnotherAuthority(organizationOf(network, 1).mspid);
  const kit = assemble({ network, places, processes, facts, stranger });
  resources.use(kit.tap);
  resources.use(kit.connections);
  await kit.tap.open();
  await kit.restartPeers(impatient);
  await kit.warm();
  const kept = resources.move();
  return { kit, facts, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

interface Parts {
  readonly network: LedgerNetwork;
  readonly places: readonly Place[];
  readonly processes: ReadonlyMap<Place, ProbeChaincode>;
  readonly facts: Record<string, unknown>;
  readonly stranger: Caller;
}

function assemble({ network, places, processes, facts, stranger }: Parts): ProbeKit {
  const outcomes = outcomeTools(namesOf(network, places));
  const transactions = transactionTools(outcomes);
  const connections = new Connections(network);
  const tap = new Tap(places, outcomes);
  let last = 0;
  const find = (kind: Kind, number: OrganizationNumber): { place: Place; chaincode: ProbeChaincode } => {
    const place = places.find((one) => one.kind === kind && one.number === number);
    const chaincode = place === undefined ? undefined : processes.get(place);
    if (place === undefined || chaincode === undefined) throw new Error(`no chaincode ${kind} ${number}`);
    return { place, chaincode };
  };
  return {
    ...outcomes,
    ...transactions,
    network,
    connections,
    byHand: new HandMadeCalls(connections, outcomes),
    tap,
    wire: (run) => tap.wire(run),
    invocations: (run) => tap.invocations(run),
    collect: collector(outcomes),
    // Made anew each time: clients are closed when a peer is restarted.
    get org1() {
      return connections.connect(1);
    },
    get org2() {
      return connections.connect(2);
    },
    get contract() {
      return connections.connect(1).contract;
    },
    get channel() {
      return connections.connect(1).network;
    },
    evaluate: (name, ...args) => outcomes.out(connections.connect(1).contract.evaluateTransaction(name, ...args)),
    submit: (name, ...args) => submit(connections.connect(1).contract, name, args),
    prepare: (name, args) => transactions.endorse(connections.connect(1).contract, name, args),
    user: connections.user(1),
    user2: connections.user(2),
    stranger,
    fresh: (prefix) => `${prefix}${last++}`,
    height: () => heightOf(connections),
    fact: (name, value) => {
      facts[name] = value;
    },
    startChaincode: async (kind, number) => {
      const { place, chaincode } = find(kind, number);
      await chaincode.start(place.front);
    },
    stopChaincode: (kind, number, signal) => find(kind, number).chaincode.stop(signal),
    restartPeers: async (settings) => {
      connections.close();
      for (const { mspid } of network.organizations) await network.stopPeer(mspid, 'orderly');
      for (const { mspid } of network.organizations) await network.startPeer(mspid, settings);
    },
    warm: (number = 1) => warm(connections, number),
  };
}

async function heightOf(connections: Connections): Promise<bigint> {
  const info = await connections.connect(1).chaincode('qscc').evaluateTransaction('GetChainInfo', mainChannel);
  return BigInt(common.BlockchainInfo.deserializeBinary(info).getHeight());
}

async function warm(connections: Connections, number: OrganizationNumber): Promise<void> {
  const deadlineMs = Date.now() + WARM_TIMEOUT_MS;
  for (;;) {
    try {
      const { contract, chaincode } = connections.connect(number);
      await contract.submitTransaction('put', 'warm', '1');
      await chaincode('raw').submitTransaction('put', 'warm', '1');
      return;
    } catch (error) {
      if (Date.now() > deadlineMs) throw error;
      await delay(WARM_PAUSE_MS);
    }
  }
}

async function findPlaces(): Promise<readonly Place[]> {
  const addresses = [...(await findFreeAddresses(8))];
  const next = (): string => addresses.pop() ?? '';
  const kinds: readonly Kind[] = ['contract', 'raw'];
  return kinds.flatMap((kind) =>
    ([1, 2] as const).map((number) => ({
      kind,
      number,
      who: `${kind === 'raw' ? 'raw' : 'org'}${number}`,
      front: next(),
      back: next(),
    })),
  );
}

async function deploy(network: LedgerNetwork, places: readonly Place[]): Promise<void> {
  const addresses = (kind: Kind): Record<string, string> =>
    Object.fromEntries(
      places.filter((place) => place.kind === kind).map(({ number, front }) => [organizationOf(network, number).mspid, front]),
    );
  const [contract, raw] = [label('contract'), label('raw')];
  await network.deploy({
    packages: [
      { label: contract, addresses: addresses('contract') },
      { label: raw, addresses: addresses('raw') },
    ],
    chaincodes: [
      { channel: mainChannel, name: 'probe', package: contract, policy: 'AND' },
      { channel: 'yourchannel', name: 'probe', package: contract, policy: 'AND' },
      { channel: mainChannel, name: 'raw', package: raw, policy: 'AND' },
      { channel: 'yourchannel', name: 'raw', package: raw, policy: 'AND' },
      { channel: mainChannel, name: 'orcc', package: contract, policy: 'OR' },
      { channel: mainChannel, name: 'initcc', package: contract, policy: 'AND', initRequired: true },
      { channel: mainChannel, name: 'halfcc', package: contract, policy: 'AND', installedAt: [organizationOf(network, 1).mspid] },
    ],
  });
}

function organizationOf({ organizations }: LedgerNetwork, number: OrganizationNumber) {
  const organization = organizations[number - 1];
  if (organization === undefined) throw new Error(`the network has no organization ${number}`);
  return organization;
}

function label(kind: Kind): string {
  return kind === 'contract' ? 'cc_1' : 'raw_1';
}

function namesOf(network: LedgerNetwork, places: readonly Place[]): Normalise {
  const names = new Map<string, string>();
  network.organizations.forEach(({ gatewayAddress }, index) => names.set(gatewayAddress, `<peer${index + 1}>`));
  names.set(network.ordererAddress, '<orderer1>');
  for (const { kind, number, front, back } of places) {
    for (const address of [front, back]) names.set(address, kind === 'contract' ? `<chaincode${number}>` : `<raw${number}>`);
  }
  return normaliser(names);
}

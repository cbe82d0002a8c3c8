import { setTimeout as sleep } from 'node:timers/promises';
import { FAULT_KINDS, type FaultKind } from '@orchestrator/dev-ledger';
import type { Random } from '@orchestrator/testing';
import type { SpecLedger } from '../spec-support-servers.ts';
import type { Facades } from './facades.ts';

/** Something that goes wrong for a moment; when it resolves, it is over. */
export interface Injection {
  readonly name: string;
  readonly inject: () => Promise<void>;
}

export interface Injectable {
  readonly ledger: SpecLedger;
  readonly facades: Facades;
  readonly random: Random;
}

const MIN_OUTAGE_MS = 200;
const OUTAGE_RANGE_MS = 1000;

/** Kinds of faults that the development ledger makes by itself, and how often of 1 wherever they can happen. */
const RATES: Partial<Readonly<Record<FaultKind, number>>> = {
  'mvcc-conflict': 0.03,
  'endorser-differs': 0.03,
  'endorser-down': 0.01,
  'no-endorsers': 0.02,
  'answer-lost': 0.04,
  'status-lost': 0.04,
  'event-stream-cut': 0.02,
  'slow-ordering': 0.02,
  'slow-commit': 0.02,
  'transaction-lost': 0.01,
  'orderer-down': 0.01,
  'too-many-requests': 0.02,
};

/** Outages of every process of a network, each killed and started again. */
export function outages({ ledger, facades, random }: Injectable): readonly Injection[] {
  const { network, deployment } = ledger;
  const pause = (): Promise<void> => sleep(MIN_OUTAGE_MS + random.below(OUTAGE_RANGE_MS));
  const peers = network.organizations.map(({ mspid }): Injection => ({
    name: `the peer of ${mspid} killed`,
    inject: async () => {
      await network.stopPeer(mspid);
      await pause();
      await network.startPeer(mspid);
    },
  }));
  const chaincodes = [...deployment.chaincodes].map(([mspid, program]): Injection => ({
    name: `the chaincode of ${mspid} killed`,
    inject: async () => {
      await program.stop('SIGKILL');
      await pause();
      await program.start();
    },
  }));
  const servers = Array.from({ length: facades.count }, (_, index): Injection => ({
    name: `facade ${index + 1} killed`,
    inject: () => facades.replace(index, pause),
  }));
  const orderer: Injection = {
    name: 'the orderer killed',
    inject: async () => {
      await network.stopOrderer();
      await pause();
      await network.startOrderer();
    },
  };
  return [...peers, ...chaincodes, ...servers, orderer];
}

/**
 * Lets the development ledger fail now and then, by a seed; another network is left alone.
 *
 * @returns what ends it, and says how often which fault happened.
 */
export function failNowAndThen({ network }: SpecLedger, seed: number): () => string {
  if (!('faults' in network)) return () => 'none';
  const { faults } = network;
  faults.follow({ seed, rates: RATES });
  return () => {
    faults.clear();
    return FAULT_KINDS.map((kind) => `${kind} ${faults.injected(kind)}`).join(', ');
  };
}

import { contractName, type Event, type Procedure } from '@orchestrator/lib';
import type { Contract } from '@hyperledger/fabric-gateway';
import type { UnaryCall } from '../../mode.ts';
import type { PeerConnection } from '../peers/peer-connection.ts';
import type { CallBudget } from './call-budget.ts';
import type { TransactionObserver } from './ledger-transaction.ts';

export interface LedgerCallsSettings {
  /** Longest time of a call, retries included. */
  readonly timeoutMs: number;
  /** Most calls under way at a peer, of each kind. */
  readonly maxEvaluates: number;
  readonly maxSubmits: number;
  /** Most calls that wait at a peer, of each kind, and in a line. */
  readonly queueLimit: number;
  /** Largest answer, in its wire form. */
  readonly maxAnswerBytes: number;
}

/** Hears of calls and what they cost. */
export interface LedgerObserver extends TransactionObserver {
  /** A proposal was sent for a call. */
  attempted(procedure: Procedure): void;
  /** A call lost against others, at the commit or because the peers did not agree. */
  conflicted(): void;
  /** A call is tried again. */
  retried(): void;
  /** A transaction of a call is committed. */
  changed(channel: string, events: Iterable<Event>): void;
  finished(procedure: Procedure, outcome: 'committed' | 'refused' | 'failed'): void;
}

/** What calls need of the connection to a peer: it may change between two attempts. */
export type LedgerPeer = Pick<PeerConnection, 'mspid' | 'gateway' | 'client' | 'network'>;

/** The peers by organization. */
export interface LedgerPeers {
  /** @throws OrchestrationError OE0102 for an organization that this server does not speak for. */
  require(mspid: string): LedgerPeer;
}

/** Follows whether transactions can be ordered. */
export interface OrderingObserver {
  reached(): void;
  missed(where: { readonly client: LedgerPeer['client']; readonly channel: string }): void;
}

/** A call with the chaincode that it goes to. */
export interface LedgerCall extends UnaryCall {
  readonly chaincode: string;
}

/** What every attempt for a call has in common. */
export interface Attempt {
  readonly call: LedgerCall;
  readonly connection: LedgerPeer;
  readonly argument: string;
  readonly budget: CallBudget;
}

/** Names a call's chaincode among those of all channels. */
export function chaincodeId({ caller, chaincode }: LedgerCall): string {
  return `${caller.channel}/${chaincode}`;
}

/** The contract of a call's procedure, as the connection's identity sees it. */
export function contractOf({ procedure, caller, chaincode }: LedgerCall, connection: LedgerPeer): Contract {
  return connection.network(caller.channel).getContract(chaincode, contractName(procedure));
}

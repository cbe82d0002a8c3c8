import type { peer } from '@hyperledger/fabric-protos';
import type { TransactionSimulator } from '../state/simulator.ts';

/** A transaction on its way through a peer, for all chaincodes that it calls. */
export interface Invocation {
  readonly channel: string;
  readonly transactionId: string;
  readonly signedProposal: peer.SignedProposal;
  /** The serialized identity of the client. */
  readonly creator: Uint8Array;
  /** Absent for the system chaincodes that read no state. */
  readonly simulator: TransactionSimulator | undefined;
  /** The chaincode that the client called, when another one calls now. */
  readonly caller?: string;
}

/** A call of one chaincode: what a chaincode's answer is computed from. */
export interface ChaincodeCall {
  readonly invocation: Invocation;
  readonly name: string;
  readonly input: peer.ChaincodeInput;
}

/** Calls a chaincode on behalf of another; resolves to its last message. */
export type InvokeChaincode = (call: ChaincodeCall & { readonly channel: string }) => Promise<peer.ChaincodeMessage>;

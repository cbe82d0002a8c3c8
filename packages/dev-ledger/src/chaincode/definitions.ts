import type { ChaincodeTls } from '../network.ts';
import type { SignaturePolicy } from '../msp/signature-policy.ts';

/** A chaincode definition of a channel, as its organizations committed it. Sequence and version are always 1. */
export interface ChaincodeDefinition {
  readonly name: string;
  readonly label: string;
  readonly policy: SignaturePolicy;
  readonly initRequired: boolean;
  /** The organizations that approved it with a package. */
  readonly installedAt: ReadonlySet<string>;
}

/** Where a package's chaincode listens for one organization's peer. */
export interface InstalledPackage {
  readonly label: string;
  readonly packageId: string;
  readonly address: string;
  readonly tls: ChaincodeTls | undefined;
}

/** The version of every definition. */
export const VERSION = '1';
/** The namespace of the definitions. */
export const LIFECYCLE = '_lifecycle';

/** The state key that every simulation of a chaincode reads: its definition's sequence. */
export function sequenceKey(name: string): string {
  return `namespaces/fields/${name}/Sequence`;
}

/** The chaincodes that every peer has built in. */
export const SYSTEM_CHAINCODES: ReadonlySet<string> = new Set(['qscc', 'cscc', 'lscc', LIFECYCLE]);

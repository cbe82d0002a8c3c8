import { type ChaincodeDefinition, LIFECYCLE } from '../chaincode/definitions.ts';
import type { EndorsedAction } from '../chain/transaction.ts';
import { parsePolicy, readPolicy, satisfies, type SignaturePolicy } from '../msp/signature-policy.ts';
import type { NamespaceSet } from '../state/rwset-reader.ts';
import { VALIDATION_PARAMETER } from '../state/simulator.ts';
import type { StateDb } from '../state/state-db.ts';

/** Where the policies are. */
export interface PolicyContext {
  readonly mspids: readonly string[];
  readonly definitions: ReadonlyMap<string, ChaincodeDefinition>;
  readonly state: StateDb;
}

/**
 * Whether a transaction's endorsers satisfy the policies of all that it writes, and of the chaincode that was called even
 * when it writes nothing. A key's own policy, as it was before the block, takes the chaincode's place.
 */
export function satisfiesPolicies(action: EndorsedAction, context: PolicyContext): boolean {
  const written = action.sets.filter(({ writes, metadataWrites }) => writes.length + metadataWrites.length > 0);
  const called = written.some(({ namespace }) => namespace === action.chaincode);
  const ofChaincode = (namespace: string): boolean => {
    const policy = policyOf(namespace, context);
    return policy !== undefined && satisfies(policy, action.endorsers);
  };
  if (!called && !ofChaincode(action.chaincode)) return false;
  return written.every((set) => {
    const own = keyPolicies(set, context.state);
    if (own.includes(undefined) && !ofChaincode(set.namespace)) return false;
    return own.every((bytes) => {
      if (bytes === undefined) return true;
      const policy = readPolicy(bytes);
      return policy !== undefined && satisfies(policy, action.endorsers);
    });
  });
}

function policyOf(namespace: string, { mspids, definitions }: PolicyContext): SignaturePolicy | undefined {
  return namespace === LIFECYCLE ? parsePolicy('AND', mspids) : definitions.get(namespace)?.policy;
}

/** The policies of the keys that a namespace's set writes; undefined stands for each key without one. */
function keyPolicies({ namespace, writes, metadataWrites }: NamespaceSet, state: StateDb): readonly (Uint8Array | undefined)[] {
  return [...writes, ...metadataWrites].map(({ key }) => state.get(namespace, key)?.metadata?.get(VALIDATION_PARAMETER));
}

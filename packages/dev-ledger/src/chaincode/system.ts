import type { peer } from '@hyperledger/fabric-protos';
import type { Identities } from '../msp/identities.ts';
import type { PeerChannel } from '../peer/peer-channel.ts';
import { configurationAnswer } from './cscc.ts';
import type { InstalledPackage } from './definitions.ts';
import { LIFECYCLE } from './definitions.ts';
import type { ChaincodeCall } from './invocation.ts';
import { lifecycleAnswer } from './lifecycle.ts';
import { queryAnswer } from './qscc.ts';
import { failure, success } from './responses.ts';

/** What the system chaincodes know of their peer. */
export interface SystemContext {
  readonly channels: ReadonlyMap<string, PeerChannel>;
  readonly identities: Identities;
  readonly packages: () => readonly InstalledPackage[];
}

/** Answers for a system chaincode: those functions that read. */
export function systemAnswer(call: ChaincodeCall, context: SystemContext): peer.Response {
  const args = call.input.getArgsList_asU8();
  try {
    if (call.name === 'qscc') return queryAnswer(call, args, context);
    if (call.name === 'cscc') return configurationAnswer(call, args, context);
    if (call.name === LIFECYCLE) return lifecycleAnswer(call, args, context);
    return legacyLifecycleAnswer(args);
  } catch (error) {
    return failure(error instanceof Error ? error.message : String(error));
  }
}

/** The lifecycle before Fabric 2: no chaincode was ever deployed by it. */
function legacyLifecycleAnswer(args: readonly Uint8Array[]): peer.Response {
  const [name, , chaincode] = args.map((bytes) => Buffer.from(bytes).toString());
  if (name === 'getchaincodes') return success(new Uint8Array());
  return failure(name === 'getid' ? `could not find chaincode with name '${chaincode ?? ''}'` : `invalid function to lscc: ${name ?? ''}`);
}

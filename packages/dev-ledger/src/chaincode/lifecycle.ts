import { peer } from '@hyperledger/fabric-protos';
import { validationParameter } from '../msp/signature-policy.ts';
import type { PeerChannel } from '../peer/peer-channel.ts';
import { type ChaincodeDefinition, LIFECYCLE, VERSION } from './definitions.ts';
import type { ChaincodeCall } from './invocation.ts';
import { failure, success } from './responses.ts';
import type { SystemContext } from './system.ts';
import { CANNOT_PARSE } from '../wire-text.ts';

const { lifecycle } = peer;

/** _lifecycle: the chaincode definitions of the channel, and the packages of the peer for its admins. */
export function lifecycleAnswer({ invocation }: ChaincodeCall, args: readonly Uint8Array[], context: SystemContext): peer.Response {
  const [nameBytes, argument] = args;
  if (nameBytes === undefined) return failure('lifecycle scc must be invoked with arguments');
  if (argument === undefined || args.length > 2)
    return failure(`lifecycle scc operations require exactly two arguments but received ${args.length}`);
  const name = Buffer.from(nameBytes).toString();
  const channel = context.channels.get(invocation.channel);
  switch (name) {
    case 'QueryChaincodeDefinition':
      return oneDefinition(argument, channel);
    case 'QueryChaincodeDefinitions':
      return allDefinitions(channel);
    case 'QueryInstalledChaincodes':
      return installed(invocation.creator, context);
    default:
      return failure(`Failed to authorize invocation due to failed ACL check: Unmapped policy for ${LIFECYCLE}/${name}`);
  }
}

function oneDefinition(argument: Uint8Array, channel: PeerChannel | undefined): peer.Response {
  let name: string;
  try {
    name = lifecycle.QueryChaincodeDefinitionArgs.deserializeBinary(argument).getName();
  } catch {
    return failure(
      `failed to invoke backing implementation of 'QueryChaincodeDefinition': could not decode input arg for *lifecycle.Invocation.QueryChaincodeDefinition: ${CANNOT_PARSE}`,
    );
  }
  const definition = channel?.definition(name);
  if (definition === undefined || channel === undefined) return failure(`namespace ${name} is not defined`, 404);
  const result = new lifecycle.QueryChaincodeDefinitionResult();
  describe(result, definition);
  for (const mspid of channel.mspids) result.getApprovalsMap().set(mspid, true);
  return success(result.serializeBinary());
}

function allDefinitions(channel: PeerChannel | undefined): peer.Response {
  const result = new lifecycle.QueryChaincodeDefinitionsResult();
  for (const definition of channel?.allDefinitions() ?? []) {
    const one = new lifecycle.QueryChaincodeDefinitionsResult.ChaincodeDefinition();
    one.setName(definition.name);
    describe(one, definition);
    result.addChaincodeDefinitions(one);
  }
  return success(result.serializeBinary());
}

type Described = peer.lifecycle.QueryChaincodeDefinitionResult | peer.lifecycle.QueryChaincodeDefinitionsResult.ChaincodeDefinition;

function describe(result: Described, { policy, initRequired }: ChaincodeDefinition): void {
  result.setSequence(1);
  result.setVersion(VERSION);
  result.setEndorsementPlugin('escc');
  result.setValidationPlugin('vscc');
  result.setValidationParameter(validationParameter(policy));
  result.setCollections(new peer.CollectionConfigPackage());
  result.setInitRequired(initRequired);
}

function installed(creator: Uint8Array, { identities, packages }: SystemContext): peer.Response {
  const found = identities.identify(creator);
  if (found.kind !== 'member' || found.member.role !== 'admin') {
    const mspid = found.kind === 'unknown' ? '' : found.mspid;
    return failure(
      `Failed to authorize invocation due to failed ACL check: Failed verifying that proposal's creator satisfies local MSP principal during channelless check policy with policy [Admins]: [The identity is not an admin under this MSP [${mspid}]: The identity does not contain OU [ADMIN], MSP: [${mspid}]]`,
    );
  }
  const result = new lifecycle.QueryInstalledChaincodesResult();
  for (const { label, packageId } of packages()) {
    const one = new lifecycle.QueryInstalledChaincodesResult.InstalledChaincode();
    one.setLabel(label);
    one.setPackageId(packageId);
    result.addInstalledChaincodes(one);
  }
  return success(result.serializeBinary());
}

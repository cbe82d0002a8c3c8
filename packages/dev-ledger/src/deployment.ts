import { createPrivateKey, randomBytes, createHash } from 'node:crypto';
import { common, peer } from '@hyperledger/fabric-protos';
import timestamps from 'google-protobuf/google/protobuf/timestamp_pb.js';
import { type ChaincodeDefinition, type InstalledPackage, LIFECYCLE, sequenceKey } from './chaincode/definitions.ts';
import { transactionPayload } from './chain/envelope.ts';
import { proposalHash } from './chain/transaction.ts';
import type { KeyPair } from './crypto/authority.ts';
import { sha256, signLowS } from './crypto/ecdsa.ts';
import { serializeIdentity } from './msp/identities.ts';
import { parsePolicy } from './msp/signature-policy.ts';
import type { ChaincodePackageSpec, ChaincodeSpec } from './network.ts';
import { ReadWriteSetBuilder } from './state/rwset.ts';

/** A package as an organization installs it. Its id depends on the address, as that of a real package of a chaincode server does. */
export function installedPackage({ label, addresses, tls }: ChaincodePackageSpec, mspid: string): InstalledPackage | undefined {
  const address = addresses[mspid];
  if (address === undefined) return undefined;
  const packageId = `${label}:${createHash('sha256')
    .update(JSON.stringify([label, address]))
    .digest('hex')}`;
  return { label, packageId, address, tls };
}

/** The definition that a specification asks for. @throws Error for a text that is no policy. */
export function definitionOf(spec: ChaincodeSpec, mspids: readonly string[]): ChaincodeDefinition {
  return {
    name: spec.name,
    label: spec.package,
    policy: parsePolicy(spec.policy, mspids),
    initRequired: spec.initRequired ?? false,
    installedAt: new Set(spec.installedAt ?? mspids),
  };
}

interface Signer {
  readonly mspid: string;
  readonly identity: KeyPair;
}

/** The transaction that commits a definition: an admin's, endorsed by all organizations' peers. */
export function definitionEnvelope({
  channel,
  name,
  admin,
  endorsers,
}: {
  readonly channel: string;
  readonly name: string;
  readonly admin: Signer;
  readonly endorsers: readonly Signer[];
}): Uint8Array {
  const creator = serializeIdentity(admin.mspid, admin.identity.cert);
  const header = headerOf(channel, creator);
  const payload = proposalPayload(name);
  const responsePayload = endorsedPayload(proposalHash(header, payload), name);
  const endorsements = endorsers.map(({ mspid, identity }) =>
    endorsement(serializeIdentity(mspid, identity.cert), identity, responsePayload),
  );
  const bytes = transactionPayload({ header, publicPayload: payload, responsePayload, endorsements });
  const envelope = new common.Envelope();
  envelope.setPayload(bytes);
  envelope.setSignature(signLowS(createPrivateKey(admin.identity.key), bytes));
  return envelope.serializeBinary();
}

function headerOf(channel: string, creator: Uint8Array): common.Header {
  const nonce = randomBytes(24);
  const extension = new peer.ChaincodeHeaderExtension();
  extension.setChaincodeId(chaincodeId(LIFECYCLE));
  const channelHeader = new common.ChannelHeader();
  channelHeader.setType(common.HeaderType.ENDORSER_TRANSACTION);
  channelHeader.setChannelId(channel);
  channelHeader.setTxId(sha256(nonce, creator).toString('hex'));
  channelHeader.setTimestamp(timestamps.Timestamp.fromDate(new Date()));
  channelHeader.setExtension$(extension.serializeBinary());
  const signatureHeader = new common.SignatureHeader();
  signatureHeader.setCreator(creator);
  signatureHeader.setNonce(nonce);
  const header = new common.Header();
  header.setChannelHeader(channelHeader.serializeBinary());
  header.setSignatureHeader(signatureHeader.serializeBinary());
  return header;
}

function proposalPayload(name: string): Uint8Array {
  const args = new peer.lifecycle.CommitChaincodeDefinitionArgs();
  args.setName(name);
  args.setSequence(1);
  const input = new peer.ChaincodeInput();
  input.setArgsList([Buffer.from('CommitChaincodeDefinition'), args.serializeBinary()]);
  const spec = new peer.ChaincodeSpec();
  spec.setChaincodeId(chaincodeId(LIFECYCLE));
  spec.setInput(input);
  const invocation = new peer.ChaincodeInvocationSpec();
  invocation.setChaincodeSpec(spec);
  const payload = new peer.ChaincodeProposalPayload();
  payload.setInput(invocation.serializeBinary());
  return payload.serializeBinary();
}

function endorsedPayload(hash: Uint8Array, name: string): Uint8Array {
  const set = new ReadWriteSetBuilder();
  set.write(LIFECYCLE, sequenceKey(name), Buffer.from([1]));
  const response = new peer.Response();
  response.setStatus(200);
  const action = new peer.ChaincodeAction();
  action.setResults(set.build());
  action.setResponse(response);
  action.setChaincodeId(chaincodeId(LIFECYCLE));
  const payload = new peer.ProposalResponsePayload();
  payload.setProposalHash(hash);
  payload.setExtension$(action.serializeBinary());
  return payload.serializeBinary();
}

function endorsement(serialized: Uint8Array, { key }: KeyPair, payload: Uint8Array): peer.Endorsement {
  const message = new peer.Endorsement();
  message.setEndorser(serialized);
  message.setSignature(signLowS(createPrivateKey(key), Buffer.concat([payload, serialized])));
  return message;
}

function chaincodeId(name: string): peer.ChaincodeID {
  const id = new peer.ChaincodeID();
  id.setName(name);
  return id;
}

import { common, peer } from '@hyperledger/fabric-protos';
import { CANNOT_PARSE } from '../wire-text.ts';

/** A proposal taken apart. */
export interface Proposal {
  readonly signed: peer.SignedProposal;
  readonly header: common.Header;
  readonly channelHeader: common.ChannelHeader;
  readonly signatureHeader: common.SignatureHeader;
  /** From the header's extension: the chaincode that the endorser runs. */
  readonly chaincode: string;
  readonly input: peer.ChaincodeInput;
  /** The payload without its transient data. */
  readonly publicPayload: Uint8Array;
}

/** What the gateway looks at before it chooses a peer. */
export interface ProposalSummary {
  readonly header: common.Header;
  readonly channel: string;
  /** Undefined without a chaincode spec, or without an id in it. */
  readonly spec: peer.ChaincodeSpec | undefined;
  readonly chaincode: string;
  readonly hasTransientData: boolean;
  readonly publicPayload: Uint8Array;
}

/** @throws Error in Fabric's words. */
export function summarize(signed: peer.SignedProposal): ProposalSummary {
  const proposal = decode(peer.Proposal, signed.getProposalBytes_asU8(), 'Proposal');
  const header = decode(common.Header, proposal.getHeader_asU8(), 'Header');
  const channelHeader = decode(common.ChannelHeader, header.getChannelHeader_asU8(), 'ChannelHeader');
  const payload = decode(peer.ChaincodeProposalPayload, proposal.getPayload_asU8(), 'ChaincodeProposalPayload');
  const spec = decode(peer.ChaincodeInvocationSpec, payload.getInput_asU8(), 'ChaincodeInvocationSpec').getChaincodeSpec();
  return {
    header,
    channel: channelHeader.getChannelId(),
    spec,
    chaincode: spec?.getChaincodeId()?.getName() ?? '',
    hasTransientData: payload.getTransientmapMap().getLength() > 0,
    publicPayload: withoutTransient(payload),
  };
}

/** @throws Error in Fabric's words. */
export function unpackProposal(signed: peer.SignedProposal): Proposal {
  const proposal = decode(peer.Proposal, signed.getProposalBytes_asU8(), 'Proposal');
  const header = decode(common.Header, proposal.getHeader_asU8(), 'Header');
  const channelHeader = decode(common.ChannelHeader, header.getChannelHeader_asU8(), 'ChannelHeader');
  const signatureHeader = decode(common.SignatureHeader, header.getSignatureHeader_asU8(), 'SignatureHeader');
  const extension = decode(peer.ChaincodeHeaderExtension, channelHeader.getExtension_asU8(), 'ChaincodeHeaderExtension');
  const id = extension.getChaincodeId();
  if (id === undefined) throw new Error('ChaincodeHeaderExtension.ChaincodeId is nil');
  if (id.getName() === '') throw new Error('ChaincodeHeaderExtension.ChaincodeId.Name is empty');
  const payload = decode(peer.ChaincodeProposalPayload, proposal.getPayload_asU8(), 'ChaincodeProposalPayload');
  const spec = decode(peer.ChaincodeInvocationSpec, payload.getInput_asU8(), 'ChaincodeInvocationSpec').getChaincodeSpec();
  if (spec === undefined) throw new Error('chaincode invocation spec did not contain chaincode spec');
  const input = spec.getInput();
  if (input === undefined) throw new Error('chaincode input did not contain any input');
  return { signed, header, channelHeader, signatureHeader, chaincode: id.getName(), input, publicPayload: withoutTransient(payload) };
}

function withoutTransient(payload: peer.ChaincodeProposalPayload): Uint8Array {
  const copy = new peer.ChaincodeProposalPayload();
  copy.setInput(payload.getInput_asU8());
  return copy.serializeBinary();
}

interface Decoder<T> {
  deserializeBinary: (bytes: Uint8Array) => T;
}

function decode<T>(decoder: Decoder<T>, bytes: Uint8Array, name: string): T {
  try {
    return decoder.deserializeBinary(bytes);
  } catch {
    throw new Error(`error unmarshalling ${name}: ${CANNOT_PARSE}`);
  }
}

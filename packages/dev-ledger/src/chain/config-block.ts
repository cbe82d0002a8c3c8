import { randomBytes } from 'node:crypto';
import { common } from '@hyperledger/fabric-protos';

/**
 * The envelope of a channel's first block: a configuration with the organizations' names. Its nonce makes every ledger
 * another one, as a real genesis block's does.
 */
export function genesisEnvelope(channel: string, mspids: readonly string[]): Uint8Array {
  const application = new common.ConfigGroup();
  for (const mspid of mspids) application.getGroupsMap().set(mspid, new common.ConfigGroup());
  const group = new common.ConfigGroup();
  group.getGroupsMap().set('Application', application);
  const config = new common.Config();
  config.setChannelGroup(group);
  const envelope = new common.ConfigEnvelope();
  envelope.setConfig(config);
  return wrap(channel, envelope.serializeBinary());
}

/** The configuration in a genesis envelope. */
export function readConfig(envelope: Uint8Array): common.Config {
  const payload = common.Payload.deserializeBinary(common.Envelope.deserializeBinary(envelope).getPayload_asU8());
  return common.ConfigEnvelope.deserializeBinary(payload.getData_asU8()).getConfig() ?? new common.Config();
}

function wrap(channel: string, data: Uint8Array): Uint8Array {
  const nonce = randomBytes(24);
  const channelHeader = new common.ChannelHeader();
  channelHeader.setType(common.HeaderType.CONFIG);
  channelHeader.setChannelId(channel);
  channelHeader.setTxId(randomBytes(32).toString('hex'));
  const signatureHeader = new common.SignatureHeader();
  signatureHeader.setNonce(nonce);
  const header = new common.Header();
  header.setChannelHeader(channelHeader.serializeBinary());
  header.setSignatureHeader(signatureHeader.serializeBinary());
  const payload = new common.Payload();
  payload.setHeader(header);
  payload.setData(data);
  const envelope = new common.Envelope();
  envelope.setPayload(payload.serializeBinary());
  return envelope.serializeBinary();
}

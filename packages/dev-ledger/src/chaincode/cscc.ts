import { peer } from '@hyperledger/fabric-protos';
import { blockMessage } from '../chain/block.ts';
import { readConfig } from '../chain/config-block.ts';
import type { PeerChannel } from '../peer/peer-channel.ts';
import type { ChaincodeCall } from './invocation.ts';
import { failure, success } from './responses.ts';
import type { SystemContext } from './system.ts';

/** cscc: the peer's channels and their configuration, which is that of the first block. */
export function configurationAnswer(
  { invocation }: ChaincodeCall,
  args: readonly Uint8Array[],
  { channels }: SystemContext,
): peer.Response {
  const [name = '', channelId = ''] = args.map((bytes) => Buffer.from(bytes).toString());
  if (args.length < 1 || (name !== 'GetChannels' && args.length < 2)) return failure(`Incorrect number of arguments, ${args.length}`);
  const { caller } = invocation;
  if (caller !== undefined) return failure(`Rejecting invoke of CSCC from another chaincode, original invocation for '${caller}'`);
  if (name === 'GetChannels') return success(channelList([...channels.keys()]));
  if (name !== 'GetConfigBlock' && name !== 'GetChannelConfig') return failure(`Requested function ${name} not found.`);
  return configurationOf(name, channelId, channels.get(channelId));
}

function configurationOf(name: string, channelId: string, channel: PeerChannel | undefined): peer.Response {
  const first = channel?.block(0);
  if (first === undefined)
    return failure(`access denied for [${name}][${channelId}]: Failed to get policy manager for channel [${channelId}]`);
  if (name === 'GetConfigBlock') return success(blockMessage(first).serializeBinary());
  return success(readConfig(first.transactions[0]?.bytes ?? new Uint8Array()).serializeBinary());
}

function channelList(names: readonly string[]): Uint8Array {
  const response = new peer.ChannelQueryResponse();
  for (const name of names) {
    const info = new peer.ChannelInfo();
    info.setChannelId(name);
    response.addChannels(info);
  }
  return response.serializeBinary();
}

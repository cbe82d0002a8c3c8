import { status } from '@grpc/grpc-js';
import type { SignedData } from '../msp/identities.ts';
import { aclFailure } from '../peer/endorser.ts';
import type { PeerChannel } from '../peer/peer-channel.ts';
import type { Peer } from '../peer/peer.ts';
import { StatusError } from './status-error.ts';

/**
 * The channel, if the signer may read it: any member of its organizations.
 * @throws StatusError PERMISSION_DENIED in Fabric's words.
 */
export function readableChannel(local: Peer, channelId: string, signed: SignedData): PeerChannel {
  const deny = (why: string): never => {
    throw new StatusError(status.PERMISSION_DENIED, why);
  };
  if (channelId === '') return deny('Invalid channel ID name during check policy on signed data. Name must be different from nil.');
  const channel = local.channel(channelId);
  if (channel === undefined) return deny(`Failed to get policy manager for channel [${channelId}]`);
  return mayRead(local, channel, signed) ? channel : deny(aclFailure(channelId, 'Readers'));
}

/** Whether the data is signed by a member of the channel's organizations: clients, admins and peers read. */
export function mayRead(local: Peer, channel: PeerChannel, signed: SignedData): boolean {
  const member = local.identities.signer(signed);
  return member !== undefined && channel.mspids.includes(member.mspid);
}

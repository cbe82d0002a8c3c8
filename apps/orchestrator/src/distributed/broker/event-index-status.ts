import type { ChannelStatus } from '../../broker/status-sources.ts';
import { readCheckpoints } from './checkpoint-file.ts';

/** How far the publishing of each channel is, as the checkpoints say, sorted by channel. @throws CheckpointError */
export async function readEventIndexStatus(path: string): Promise<readonly ChannelStatus[]> {
  const checkpoints = await readCheckpoints(path);
  return [...checkpoints].map(([channel, { position }]) => ({ channel, cursor: position })).toSorted((a, b) => (a.channel < b.channel ? -1 : 1));
}

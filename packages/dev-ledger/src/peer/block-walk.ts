import type { CommittedBlock } from '../chain/block.ts';
import type { PeerChannel } from './peer-channel.ts';

/** The blocks that a peer has and will have committed, from a number on, until the signal aborts. */
export async function* walkBlocks(channel: PeerChannel, start: number, signal: AbortSignal): AsyncGenerator<CommittedBlock> {
  const aborted = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
  for (let number = start; !signal.aborted;) {
    const block = channel.block(number);
    if (block === undefined) {
      await Promise.race([channel.nextCommit(), aborted]);
      continue;
    }
    yield block;
    number += 1;
  }
}

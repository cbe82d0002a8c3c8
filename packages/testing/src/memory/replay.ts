import type { ReplayDbal, ReplayedAnswer } from '@orchestrator/lib';
import type { ChannelState } from './channel-state.ts';

export class MemoryReplayDbal implements ReplayDbal {
  readonly #replays: ChannelState['replays'];

  constructor(replays: ChannelState['replays']) {
    this.#replays = replays;
  }

  async getAnswer(mspid: string, idempotencyKey: string): Promise<ReplayedAnswer | undefined> {
    const wanted = replayId(mspid, idempotencyKey);
    return this.#replays.entries.find(([id]) => id === wanted)?.[1];
  }

  storeAnswer(mspid: string, idempotencyKey: string, answer: ReplayedAnswer): void {
    const entry = { digest: answer.digest, answer: answer.answer.slice() };
    this.#replays.append([[replayId(mspid, idempotencyKey), entry]]);
  }
}

function replayId(mspid: string, idempotencyKey: string): string {
  return JSON.stringify([mspid, idempotencyKey]);
}

import { describe, expect, it } from 'vitest';
import type { Suite } from './suite.ts';

const LONGEST_KEY = '~'.repeat(128);

export function replayConformance(suite: Suite): void {
  describe('answers kept for replay', () => {
    it('are kept for each caller and channel', () => keepsPerCaller(suite));
    it('leave nothing behind when the transaction fails', () => rollsBack(suite));
  });
}

function answer(text: string): { digest: string; answer: Uint8Array } {
  return { digest: 'ab'.repeat(32), answer: new TextEncoder().encode(text) };
}

async function keepsPerCaller(suite: Suite): Promise<void> {
  const [room, neighbour] = [await suite.openRoom(), await suite.openRoom()];
  await room.write(async ({ replay }) => {
    expect(await replay.getAnswer('one', 'k')).toBeUndefined();
    replay.storeAnswer('one', 'k', answer('first'));
    replay.storeAnswer('two', 'k', answer(''));
    replay.storeAnswer('é\u{1f9ea}', LONGEST_KEY, answer('\0\u{1f9ea}'));
    // The callers' names and the keys must not run into each other.
    replay.storeAnswer('a', 'b c', answer('left'));
    replay.storeAnswer('a b', 'c', answer('right'));
    expect(await replay.getAnswer('one', 'k')).toEqual(answer('first'));
  });
  await room.read(async ({ replay }) => {
    expect(await replay.getAnswer('one', 'k')).toEqual(answer('first'));
    expect(await replay.getAnswer('two', 'k')).toEqual(answer(''));
    expect(await replay.getAnswer('é\u{1f9ea}', LONGEST_KEY)).toEqual(answer('\0\u{1f9ea}'));
    expect(await replay.getAnswer('a', 'b c')).toEqual(answer('left'));
    expect(await replay.getAnswer('a b', 'c')).toEqual(answer('right'));
    expect(await replay.getAnswer('three', 'k')).toBeUndefined();
    expect(await replay.getAnswer('one', 'K')).toBeUndefined();
  });
  expect(await neighbour.read(({ replay }) => replay.getAnswer('one', 'k'))).toBeUndefined();
}

async function rollsBack(suite: Suite): Promise<void> {
  const room = await suite.openRoom();
  const failing = room.write(async ({ replay }) => {
    replay.storeAnswer('one', 'k', answer('first'));
    throw new Error('changed my mind');
  });
  await expect(failing).rejects.toThrow('changed my mind');
  expect(await room.read(({ replay }) => replay.getAnswer('one', 'k'))).toBeUndefined();
}

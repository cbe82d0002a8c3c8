import { setTimeout as delay } from 'node:timers/promises';
import type { CloseableAsyncIterable } from '@hyperledger/fabric-gateway';
import type { Failure, Outcomes } from './outcomes.ts';

const OPENING_MS = 300;
const CLOSING_MS = 300;
const IDLE_MS = 700;

/** When to stop collecting, and how events are shown. */
export interface CollectOptions<T> {
  readonly max?: number;
  /** Collecting ends when nothing came for this time. */
  readonly idleMs?: number;
  readonly show?: (event: T) => unknown;
  /** Done once the stream is open. */
  readonly after?: () => Promise<unknown>;
}

/** What a stream of events gave, and how it ended. */
export interface Collected {
  readonly events: readonly unknown[];
  readonly end: 'idle' | 'max' | 'ended' | Failure;
  readonly after?: unknown;
  /** How it ended when it was closed while it waited. */
  readonly afterClose?: 'ended' | 'max' | Failure;
}

/** The tool that reads streams of events. */
export function collector({ errorOf }: Outcomes) {
  return async function collect<T>(
    open: () => Promise<CloseableAsyncIterable<T>>,
    { max = Infinity, idleMs = IDLE_MS, show = (event) => event, after }: CollectOptions<T> = {},
  ): Promise<Collected | { readonly opening: Failure }> {
    let stream: CloseableAsyncIterable<T>;
    try {
      stream = await open();
    } catch (error) {
      return { opening: errorOf(error) };
    }
    const events: unknown[] = [];
    const state: { end: Collected['end'] } = { end: 'idle' };
    const reading = (async () => {
      try {
        for await (const event of stream) {
          events.push(show(event));
          if (events.length < max) continue;
          state.end = 'max';
          break;
        }
        if (state.end === 'idle') state.end = 'ended';
      } catch (error) {
        state.end = errorOf(error);
      }
    })();
    let done: { readonly after?: unknown } = {};
    if (after !== undefined) {
      await delay(OPENING_MS);
      done = { after: await after() };
    }
    for (let seen = -1; state.end === 'idle' && events.length !== seen;) {
      seen = events.length;
      await Promise.race([delay(idleMs), reading]);
    }
    const collected = { events: [...events], end: state.end, ...done };
    stream.close();
    await Promise.race([delay(CLOSING_MS), reading]);
    const { end } = state;
    return collected.end === 'idle' && end !== 'idle' ? { ...collected, afterClose: end } : collected;
  };
}

import { UnavailableError } from '../errors.ts';
import type { Caller } from '../mode.ts';

/** How many calls may be under way at once, streams included. */
export interface CallLimits {
  readonly maxCallsPerConnection: number;
  /** Over all channels and connections. */
  readonly maxCallsPerOrganization: number;
  /** Event streams, per channel. */
  readonly maxSubscribersPerOrganization: number;
}

/** How far the HTTP/2 limit lies above ours: up to there a call gets a sentence, beyond it is only refused. */
const HARD_LIMIT_FACTOR = 2;

/** The streams that HTTP/2 itself allows on a connection: these cost memory before there is a call to count. */
export function maxStreamsOf({ maxCallsPerConnection }: CallLimits): number {
  return maxCallsPerConnection * HARD_LIMIT_FACTOR;
}

/** Whose call it is, as far as it is known. */
export interface CallPlace {
  readonly kind: 'unary' | 'stream';
  /** Host and port of the client: one of each connection. */
  readonly peer: string;
}

/** Gives a place back; the second time does nothing. */
export type Leave = () => void;

/**
 * Counts the calls under way. What is above a limit is UNAVAILABLE at once: existing clients try that again later,
 * and a call that waited would hold memory all the while.
 */
export class CallCounter {
  readonly #limits: CallLimits;
  readonly #connections = new Map<string, number>();
  readonly #organizations = new Map<string, number>();
  readonly #subscribers = new Map<string, number>();

  constructor(limits: CallLimits) {
    this.#limits = limits;
  }

  /** Takes a place on the call's connection. @throws UnavailableError */
  enterConnection({ peer }: CallPlace): Leave {
    const limit = this.#limits.maxCallsPerConnection;
    return take(this.#connections, peer, { limit, what: 'calls are under way on this connection' });
  }

  /**
   * Takes a place of the caller's organization. Only for callers who have proven who they are, or one organization
   * could use up the places of another.
   *
   * @throws UnavailableError
   */
  enterOrganization({ kind }: CallPlace, { mspid, channel }: Caller): Leave {
    const { maxCallsPerOrganization, maxSubscribersPerOrganization } = this.#limits;
    const what = 'calls of this organization are under way';
    const leave = take(this.#organizations, mspid, { limit: maxCallsPerOrganization, what });
    if (kind === 'unary') return leave;
    try {
      const limit = maxSubscribersPerOrganization;
      const subscriber = JSON.stringify([channel, mspid]);
      const unsubscribe = take(this.#subscribers, subscriber, {
        limit,
        what: 'event streams of this organization are open in the channel',
      });
      return () => {
        unsubscribe();
        leave();
      };
    } catch (error) {
      leave();
      throw error;
    }
  }

  /** How many connections and organizations have calls under way: 0 when all is quiet. */
  get size(): number {
    return this.#connections.size + this.#organizations.size + this.#subscribers.size;
  }
}

function take(
  counts: Map<string, number>,
  key: string,
  { limit, what }: { readonly limit: number; readonly what: string },
): Leave {
  const count = counts.get(key) ?? 0;
  if (count >= limit) throw new UnavailableError(`${limit} ${what}: try again later`);
  counts.set(key, count + 1);
  let isGone = false;
  return () => {
    if (isGone) return;
    isGone = true;
    const left = (counts.get(key) ?? 1) - 1;
    if (left === 0) counts.delete(key);
    else counts.set(key, left);
  };
}

import type { CallHeaders } from '../client/headers.ts';

/**
 * How a subscriber behaves: `steady` reads as fast as it can, `slow` a little now and then, `cut` loses its connection
 * without goodbye and comes back for the rest, `frozen` reads nothing more and answers nothing, as one whose machine is
 * gone.
 */
export type SubscriberKind = 'steady' | 'slow' | 'cut' | 'frozen';

/** Subscribers of two channels. */
export interface SubscribeJob {
  readonly kind: 'subscribe';
  readonly address: string;
  readonly channels: readonly CallHeaders[];
  readonly subscribers: number;
}

/** Waits until all that read and come back have got these events, the last ones of the channels, or until the time is over. */
export interface ReachJob {
  readonly kind: 'reach';
  /** Empty for a channel without events. */
  readonly ids: readonly string[];
  readonly timeoutMs: number;
  /** From now on nobody is cut, and some of the slow ones hurry: they have to arrive as well. */
  readonly isLast: boolean;
}

/** Destroys all connections, without goodbye. */
export interface LeaveJob {
  readonly kind: 'leave';
}

export type SoakJob = SubscribeJob | ReachJob | LeaveJob;

/** What the subscribers have seen so far. */
export interface Sightings {
  readonly deliveries: number;
  /** Connections that were cut, and opened again. */
  readonly cuts: number;
  /** Streams that were answered UNAVAILABLE at once, and asked for again. */
  readonly refusals: number;
  readonly slowDeliveries: number;
  /** What went wrong, the first of it in words. */
  readonly faultCount: number;
  readonly faults: readonly string[];
  /** Those who have not got what they should have, in words. */
  readonly late: readonly string[];
  /** By channel: the first bytes of each event in the order of its subscribers. Only at the end. */
  readonly heads: readonly (readonly string[])[];
}

export type SoakReport =
  | { readonly kind: 'subscribed'; readonly counts: Readonly<Record<SubscriberKind, number>> }
  | { readonly kind: 'reached'; readonly sightings: Sightings }
  | { readonly kind: 'left' }
  | { readonly kind: 'failed'; readonly why: string };

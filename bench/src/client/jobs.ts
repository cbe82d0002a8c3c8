import type { CallHeaders } from './headers.ts';

/** One request, ready to be sent. */
export interface Call {
  /** `/package.Service/Method`. */
  readonly path: string;
  readonly message: Uint8Array;
}

/** One caller: its calls run one after another. */
export interface Lane {
  readonly headers: CallHeaders;
  readonly calls: readonly Call[];
  /** Its calls begin so far apart, whether or not those before have been answered. */
  readonly paceMs?: number;
}

/** Calls of several callers at once. */
export interface LoadJob {
  readonly kind: 'load';
  /** Callers are spread over them. */
  readonly addresses: readonly string[];
  readonly connections: number;
  readonly lanes: readonly Lane[];
  /** Each caller begins anew until this time is over; without it, each does its calls once. */
  readonly repeatMs?: number;
  /** No call begins when this time is over, though there may be some left. */
  readonly limitMs?: number;
}

/** What a load came to. */
export interface LoadFigures {
  readonly calls: number;
  readonly seconds: number;
  /** How long each call took, the shortest first. */
  readonly durationsMs: readonly number[];
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** How many calls failed, by their status. */
  readonly failures: Readonly<Record<string, number>>;
  /** Of all answers. */
  readonly answerBytes: number;
  /** Of this client, in the same time. */
  readonly cpuMs: number;
}

/** Followers of an event stream. */
export interface FollowJob {
  readonly kind: 'follow';
  /** Followers are spread over them, a connection each. */
  readonly addresses: readonly string[];
  readonly headers: CallHeaders;
  readonly call: Call;
  readonly followers: number;
  /** Each ends when it has so many messages. */
  readonly messages: number;
}

/** What the followers saw. Times are of the machine's monotonic clock, the same for all of its processes. */
export interface FollowFigures {
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  readonly deliveries: number;
  /** Messages that were not what the first follower had at that place: a gap, a repeat or another order. */
  readonly mismatches: number;
  /** What the first follower had, in its order: the first 38 bytes of each message, which hold an event's id. */
  readonly heads: readonly string[];
  readonly messageBytes: number;
  readonly cpuMs: number;
}

export type Job = LoadJob | FollowJob;

/** What a client process says. */
export type Report =
  | { readonly kind: 'following' }
  | { readonly kind: 'load'; readonly figures: LoadFigures }
  | { readonly kind: 'follow'; readonly figures: FollowFigures }
  | { readonly kind: 'failed'; readonly why: string };

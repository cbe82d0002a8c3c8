import { nowMs, ownCpuMs } from '../process/clock.ts';
import { Connection } from './connection.ts';
import { encodeHeaders } from './headers.ts';
import type { FollowFigures, FollowJob } from './jobs.ts';
import { Reference } from './reference.ts';

/** What all followers have in common. */
class Sight {
  readonly reference = new Reference();
  readonly expected: number;
  firstAtMs = 0;
  lastAtMs = 0;
  deliveries = 0;
  mismatches = 0;
  messageBytes = 0;
  startCpuMs = 0;

  constructor(expected: number) {
    this.expected = expected;
  }

  /** Takes the message that a follower has at a place; the first to get there says what belongs there. */
  take(place: number, message: Buffer): void {
    if (this.deliveries === 0) {
      this.firstAtMs = nowMs();
      this.startCpuMs = ownCpuMs();
    }
    this.deliveries += 1;
    this.messageBytes += message.length;
    if (!this.reference.matches(place, message)) this.mismatches += 1;
  }
}

/**
 * Follows a stream as many times as asked for.
 *
 * @param onFollowing called when the server has accepted all of them.
 * @throws Error when a stream ends early.
 */
export async function runFollow(job: FollowJob, onFollowing: () => void): Promise<FollowFigures> {
  await using stack = new AsyncDisposableStack();
  const { addresses, followers, messages } = job;
  const head = encodeHeaders(job.call.path, job.headers);
  const sight = new Sight(messages);
  const done: Promise<void>[] = [];
  const accepted: Promise<void>[] = [];
  for (let index = 0; index < followers; index += 1) {
    const connection = stack.use(await Connection.open(addresses[index % addresses.length] ?? ''));
    const follower = follow(connection, { head, message: job.call.message, sight });
    accepted.push(follower.accepted);
    done.push(follower.done);
  }
  const all = Promise.all(done);
  await Promise.race([Promise.all(accepted), all]);
  onFollowing();
  await all;
  sight.lastAtMs = nowMs();
  const { firstAtMs, lastAtMs, deliveries, mismatches, messageBytes } = sight;
  const { heads } = sight.reference;
  return { firstAtMs, lastAtMs, deliveries, mismatches, heads, messageBytes, cpuMs: ownCpuMs() - sight.startCpuMs };
}

interface Follower {
  readonly accepted: Promise<void>;
  readonly done: Promise<void>;
}

interface FollowRun {
  readonly head: Buffer;
  readonly message: Uint8Array;
  readonly sight: Sight;
}

function follow(connection: Connection, { head, message, sight }: FollowRun): Follower {
  const accepted = Promise.withResolvers<void>();
  const done = Promise.withResolvers<void>();
  let place = 0;
  connection.call(head, message, {
    onHeaders: () => accepted.resolve(),
    onMessage: (event) => {
      // What has come together with the last one that counts.
      if (place === sight.expected) return;
      sight.take(place, event);
      place += 1;
      if (place === sight.expected) done.resolve();
    },
    onEnd: (status) => done.reject(new Error(`an event stream ended with ${status} after ${place} messages`)),
  });
  return { accepted: accepted.promise, done: done.promise };
}

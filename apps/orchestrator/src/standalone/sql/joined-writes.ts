import type { Client } from 'pg';

/**
 * More than this leaves at once, so that the database works while this process makes the next statement: with batches of
 * 1,000 tasks, whose statements have 640 KB each, it took 8 % off the time of a call.
 */
const LARGE_BYTES = 65_536;

/**
 * Lets the statements that are sent in one turn leave in one piece. By itself pg writes each to the socket at once, and
 * the system calls took a third of the time of a server under single registrations.
 */
export function joinWrites(client: Client): void {
  const query = client.query.bind(client) as (...parameters: unknown[]) => unknown;
  let isHeld = false;
  const joined = (...parameters: unknown[]): unknown => {
    const { stream } = client.connection;
    if (!isHeld) {
      isHeld = true;
      stream.cork();
      // Behind all that this turn still has to say.
      process.nextTick(() => {
        isHeld = false;
        stream.uncork();
      });
    }
    const answer = query(...parameters);
    if (stream.writableLength > LARGE_BYTES) {
      stream.uncork();
      stream.cork();
    }
    return answer;
  };
  client.query = joined as typeof client.query;
}

import type { Client } from 'pg';

/**
 * Lets the statements that are sent in one turn leave in one piece. By itself pg writes each to the socket at once, and
 * the system calls took a third of the time of a server under single registrations.
 */
export function joinWrites(client: Client): void {
  const query = client.query.bind(client) as (...parameters: unknown[]) => unknown;
  let isHeld = false;
  const joined = (...parameters: unknown[]): unknown => {
    if (!isHeld) {
      isHeld = true;
      const { stream } = client.connection;
      stream.cork();
      // Behind all that this turn still has to say.
      process.nextTick(() => {
        isHeld = false;
        stream.uncork();
      });
    }
    return query(...parameters);
  };
  client.query = joined as typeof client.query;
}

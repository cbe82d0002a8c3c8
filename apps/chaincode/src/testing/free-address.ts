import { once } from 'node:events';
import { createServer } from 'node:net';

/** A loopback address that nobody listens at just now. */
export async function findFreeAddress(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  server.close();
  await once(server, 'close');
  if (typeof bound !== 'object' || bound === null) throw new Error('the socket has no port');
  return `127.0.0.1:${bound.port}`;
}

import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/**
 * Below the range from which systems take the ports of outgoing connections: a node that is stopped and started again
 * must not find that a connection has taken its port meanwhile.
 */
const lowest = 20_000;
const highest = 32_000;
const attempts = 1_000;

/** Finds ports of the loopback interface on which nothing listens. They are held all at once, lest one is found twice. */
export async function findPorts(count: number): Promise<readonly number[]> {
  const held: { readonly port: number; readonly server: Server }[] = [];
  try {
    for (let attempt = 0; held.length < count && attempt < attempts; attempt++) {
      const port = lowest + Math.floor(Math.random() * (highest - lowest));
      const server = await listen(port);
      if (server !== undefined) held.push({ port, server });
    }
  } finally {
    await Promise.all(held.map(({ server }) => close(server)));
  }
  if (held.length < count) throw new Error(`no ${count} free ports between ${lowest} and ${highest}`);
  return held.map(({ port }) => port);
}

function listen(port: number): Promise<Server | undefined> {
  const { promise, resolve } = Promise.withResolvers<Server | undefined>();
  const server = createServer();
  server.once('error', () => resolve(undefined));
  server.listen(port, '127.0.0.1', () => resolve(server));
  return promise;
}

async function close(server: Server): Promise<void> {
  server.close();
  await once(server, 'close');
}

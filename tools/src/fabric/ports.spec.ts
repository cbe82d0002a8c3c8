import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { isListening } from './listening.ts';
import { findPorts } from './ports.ts';

it('finds ports that are free and different', async () => {
  const ports = await findPorts(20);
  expect(new Set(ports).size).toBe(20);
  for (const port of ports) {
    const server = createServer().listen(port, '127.0.0.1');
    await once(server, 'listening');
    expect(await isListening(`127.0.0.1:${port}`)).toBe(true);
    server.close();
    await once(server, 'close');
    expect(await isListening(`127.0.0.1:${port}`)).toBe(false);
  }
});

import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

/** Addresses of the loopback interface (`127.0.0.1:port`) on which nothing listens, held all at once, lest one is found twice. */
export async function findFreeAddresses(count: number): Promise<readonly string[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const addresses = servers.map((server) => `127.0.0.1:${(server.address() as AddressInfo).port}`);
  for (const server of servers) server.close();
  await Promise.all(servers.map((server) => once(server, 'close')));
  return addresses;
}

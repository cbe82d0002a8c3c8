import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { codeOf, EmbeddedPostgresError } from './errors.ts';
import { poll, type WaitOptions } from './wait.ts';

/**
 * Lets one process of this machine at a time start a database in a folder. The kernel frees the lock when its holder
 * dies, however that happens, so it can't go stale as a lock file can.
 *
 * @throws EmbeddedPostgresError when others hold it for `timeoutMs`, or the signal aborts.
 */
export async function enterStart(dataDir: string, wait: WaitOptions): Promise<AsyncDisposable> {
  // Abstract sockets exist on Linux alone. Elsewhere PostgreSQL's own pid file is the only guard.
  if (process.platform !== 'linux') return { [Symbol.asyncDispose]: () => Promise.resolve() };
  const { dev, ino } = await stat(dataDir);
  const path = `\0orchestrator-start-${dev}-${ino}`;
  const held = await poll(() => tryListen(path), wait);
  if (held !== undefined) return held;
  throw new EmbeddedPostgresError(`another server has been starting in ${dataDir} for ${Math.round(wait.timeoutMs / 1000)} s`);
}

async function tryListen(path: string): Promise<AsyncDisposable | undefined> {
  const server = createServer();
  try {
    server.listen({ path });
    await once(server, 'listening');
  } catch (error) {
    if (codeOf(error) === 'EADDRINUSE') return undefined;
    throw error;
  }
  server.unref();
  return {
    [Symbol.asyncDispose]: async () => {
      server.close();
      await once(server, 'close');
    },
  };
}

import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from './config/config.ts';
import type { Log } from './log/log.ts';
import { startServer } from './server.ts';

/** What the end may take beyond the time for calls under way: streams, connections, the embedded database. */
const CLOSING_TIME_MS = 5000;

/** Runs the server until SIGTERM or SIGINT, then ends it in order. @param tracing is ended last, if there is any. */
export async function serve(config: Config, log: Log, tracing?: AsyncDisposable): Promise<void> {
  const stop = new AbortController();
  const signals = ['SIGTERM', 'SIGINT'] as const;
  // A second signal must not end the process before its data are safe: it is only noted.
  for (const signal of signals) process.on(signal, () => stop.abort(signal));
  const server = await startServer(config, log);
  // Without a file to open anew, SIGHUP ends the process as usual.
  if (config.auditLog !== undefined) process.on('SIGHUP', () => server.reopenLogs());
  if (!stop.signal.aborted) await once(stop.signal, 'abort');
  log.info({ signal: String(stop.signal.reason) }, 'shutting down');
  const limitMs = config.shutdownTimeoutMs + CLOSING_TIME_MS;
  const isLate = await Promise.race([
    server[Symbol.asyncDispose]().then(() => false),
    sleep(limitMs, true, { ref: false }),
  ]);
  if (isLate) log.error({ limitMs }, 'the end took too long: leaving what is open');
  else log.info({}, 'the server has ended');
  await tracing?.[Symbol.asyncDispose]();
  // Whatever still holds the event loop must not keep a finished server alive.
  setTimeout(() => process.exit(0), 200).unref();
  if (isLate) process.exit(0);
}

import { once } from 'node:events';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config/config.ts';
import { OrchestratorChaincode } from '../contracts/chaincode.ts';
import type { Log } from '../log.ts';
import { readVersion } from '../version.ts';
import { ChaincodeServer } from './chaincode-server.ts';
import { ChaincodeMetrics, MetricsServer } from './metrics.ts';

/** What clients take in one message, less what surrounds it. The same at every endorser, hence no setting. */
const MAX_PAGE_BYTES = 4 * 1024 * 1024 - 1024;
/** Transactions under way may finish for so long after a signal. */
const FINISHING_TIME_MS = 10_000;
const POLL_MS = 20;

/** Serves the chaincode until SIGTERM or SIGINT. @throws Error when an address cannot be listened on. */
export async function serve(config: Config, log: Log): Promise<void> {
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop.abort(signal));
  await using resources = new AsyncDisposableStack();
  const metrics = config.metricsAddress === undefined ? undefined : new ChaincodeMetrics();
  const settings = { version: readVersion(), maxPageBytes: MAX_PAGE_BYTES };
  const chaincode = new OrchestratorChaincode({ settings, log, observer: metrics });
  const server = resources.use(new ChaincodeServer(chaincode, config));
  const port = await server.listen();
  if (metrics !== undefined && config.metricsAddress !== undefined) {
    const { port: metricsPort } = resources.use(await MetricsServer.listen(metrics, config.metricsAddress));
    log.info({ metricsPort }, 'metrics are served');
  }
  log.info({ ccid: config.ccid, address: config.address, port, tls: tlsOf(config) }, 'the chaincode is served');
  if (!stop.signal.aborted) await once(stop.signal, 'abort');
  log.info({ signal: String(stop.signal.reason) }, 'shutting down');
  for (let waitedMs = 0; chaincode.runningCount > 0 && waitedMs < FINISHING_TIME_MS; waitedMs += POLL_MS) await sleep(POLL_MS);
}

function tlsOf({ tls }: Config): string {
  if (tls === undefined) return 'none';
  return tls.clientCaCerts === undefined ? 'server' : 'mutual';
}

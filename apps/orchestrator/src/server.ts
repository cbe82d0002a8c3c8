import { procedures } from '@orchestrator/lib';
import { createAuditLog } from './audit/audit-log.ts';
import { type AuditSink, openAuditSink } from './audit/audit-sink.ts';
import { formatAddress } from './config/address.ts';
import { ConfiguredChannels } from './config/channel-registry.ts';
import type { Config } from './config/config.ts';
import { readVersion } from './cli/version.ts';
import type { CallObserver } from './grpc/call-observer.ts';
import { createGrpcServer, type GrpcServer } from './grpc/server.ts';
import { HttpServer, type MetricsSource, type Readiness } from './http/http-server.ts';
import { type Metrics, noMetrics } from './http/metrics.ts';
import { createCallLog } from './log/call-log.ts';
import type { Log } from './log/log.ts';
import type { Mode } from './mode.ts';
import type { CertificateExpiry } from './trust/expiry.ts';
import { openTrust } from './trust/open-trust.ts';

/** A server that is SERVING. Disposing it ends it in order: no new calls, streams, calls under way, store. */
export interface RunningServer extends AsyncDisposable {
  /** Ports as they were picked. */
  readonly grpcPort: number;
  readonly httpPort: number;
  /** Opens log files anew that were moved away. */
  reopenLogs(): void;
}

/** What `openStandalone`, or another mode's opening, hands over. */
export interface OpenedMode {
  readonly mode: Mode;
  /** For the start-up line: what stores the data, and where. */
  readonly store: string;
  /** How the connection to the broker is, where there is one: `connecting`, `connected` or `blocked`. */
  readonly brokerState?: () => string;
  /** The certificates in force that the mode shows to others, where it does. */
  readonly expiries?: () => readonly CertificateExpiry[];
}

/**
 * Starts the server: store, services, listeners, SERVING, in this order.
 *
 * @throws Error with one clear sentence when something is not as it must be; what was opened is closed again.
 */
export async function startServer(config: Config, log: Log): Promise<RunningServer> {
  await using opened = new AsyncDisposableStack();
  const metricsSource = config.metrics.enabled ? await openMetrics() : undefined;
  const metrics = metricsSource ?? noMetrics;
  const channels = opened.use(new ConfiguredChannels({ channels: config.channels, log }));
  const { mode, store, brokerState, expiries } = await openMode(config, { log, metrics, channels, stack: opened });
  const httpServer = await startHttp({ config, log, mode, brokerState, metrics: metricsSource, stack: opened });
  const audit =
    config.auditLog === undefined ? undefined : opened.use(openAuditSink({ target: config.auditLog, log }));
  const grpcServer = await createGrpc({ config, log, mode, expiries, metrics, channels, audit, stack: opened });
  const grpcPort = await grpcServer.listen(formatAddress(config.grpc.address));
  opened.defer(() => grpcServer.drain(config.shutdownTimeoutMs));
  grpcServer.setServing(true);
  const grpcAddress = formatAddress({ host: config.grpc.address.host, port: grpcPort });
  const httpAddress = formatAddress(httpServer.address);
  log.info(
    { mode: config.mode, store, grpc: grpcAddress, http: httpAddress, channels: channels.channels() },
    `orchestrator ${readVersion()} is SERVING in ${config.mode} mode: ${store}; gRPC on ${grpcAddress}, ` +
      `HTTP on ${httpAddress}; channels ${channels.channels().join(', ')}`,
  );
  const stack = opened.move();
  return { grpcPort, httpPort: httpServer.address.port, reopenLogs: () => audit?.reopen(), [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** What is loaded only where it is switched on costs nobody else time and memory. */
async function openMetrics() {
  const { PrometheusMetrics } = await import('./http/prometheus-metrics.ts');
  return new PrometheusMetrics();
}

interface ModeParts {
  readonly log: Log;
  readonly metrics: Metrics;
  readonly channels: ConfiguredChannels;
  readonly stack: AsyncDisposableStack;
}

/** Each mode is loaded only where it is wanted: the other's libraries would cost time and memory. */
async function openMode(config: Config, parts: ModeParts): Promise<OpenedMode> {
  if (config.mode === 'standalone') {
    const { openStandalone } = await import('./standalone/open.ts');
    return openStandalone({ config, ...parts });
  }
  const { openDistributed } = await import('./distributed/open.ts');
  return openDistributed({ config, ...parts });
}

interface Parts {
  readonly config: Config;
  readonly log: Log;
  readonly mode: Mode;
  readonly stack: AsyncDisposableStack;
}

interface HttpParts extends Parts {
  readonly brokerState: (() => string) | undefined;
  readonly metrics: MetricsSource | undefined;
}

async function startHttp({ config, log, mode, brokerState, metrics, stack }: HttpParts): Promise<HttpServer> {
  // The broker is a detail: without it requests are served all the same, and events wait in the store.
  const readiness = (): Readiness => ({
    ready: mode.isReady(),
    ...(brokerState === undefined ? {} : { detail: { broker: brokerState() } }),
  });
  return stack.use(await HttpServer.listen({ address: config.http.address, readiness, metrics, log }));
}

async function createGrpc(
  parts: Parts & {
    readonly expiries: OpenedMode['expiries'];
    readonly metrics: Metrics;
    readonly channels: ConfiguredChannels;
    readonly audit: AuditSink | undefined;
  },
): Promise<GrpcServer> {
  const { config, log, mode, metrics, channels, audit, stack } = parts;
  const observers: CallObserver[] = [createCallLog(log), metrics.calls];
  if (audit !== undefined) observers.push(createAuditLog(audit));
  const { credentials, verifier, expiries } = await openTrust({ tls: config.tls, log, stack });
  metrics.watchCertificates(() => [...expiries(), ...(parts.expiries?.() ?? [])]);
  return stack.use(
    createGrpcServer({
      mode,
      procedures,
      settings: config.grpc,
      observers,
      credentials,
      channels,
      verifier,
      keepsEvidence: audit !== undefined,
      log,
    }),
  );
}

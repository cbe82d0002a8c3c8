import { setTimeout as sleep } from 'node:timers/promises';
import { describeError } from '../log/describe-error.ts';
import type { Log } from '../log/log.ts';
import { switchTracing } from './tracing.ts';

/** The last spans are given this long to go out. */
const FLUSH_TIMEOUT_MS = 2000;

/**
 * Starts OpenTelemetry's tracing, which reads its own standard variables (`OTEL_EXPORTER_OTLP_ENDPOINT`,
 * `OTEL_TRACES_SAMPLER` and so on).
 *
 * @returns what ends it, with the spans that are still to be sent.
 */
export async function startTracing(log: Log): Promise<AsyncDisposable> {
  // A large library that most servers do without.
  const { NodeSDK } = await import('@opentelemetry/sdk-node');
  // Metrics are scraped, and the log is on standard output.
  const sdk = new NodeSDK({ serviceName: 'orchestrator', instrumentations: [], metricReaders: [], logRecordProcessors: [] });
  sdk.start();
  switchTracing(true);
  log.info({}, 'tracing is on');
  return {
    async [Symbol.asyncDispose]() {
      switchTracing(false);
      const ended = sdk.shutdown().catch((error: unknown) => log.warn({ error: describeError(error) }, 'the last spans could not be sent'));
      await Promise.race([ended, sleep(FLUSH_TIMEOUT_MS, undefined, { ref: false })]);
    },
  };
}

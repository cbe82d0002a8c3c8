import { readEnvironment } from './environment.ts';
import type { Environment } from './environment.ts';

/** The environment of this process. Nothing else touches `process.env`. */
export function processEnvironment(): Environment {
  return readEnvironment(process.env);
}

/** Whether OpenTelemetry's own variables ask for traces: an exporter or an address is named, and nothing is switched off. */
export function asksForTraces(variables: Readonly<Record<string, string | undefined>> = process.env): boolean {
  const exporter = variables['OTEL_TRACES_EXPORTER'] ?? '';
  const endpoint = variables['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] ?? variables['OTEL_EXPORTER_OTLP_ENDPOINT'] ?? '';
  if (variables['OTEL_SDK_DISABLED']?.toLowerCase() === 'true' || exporter === 'none') return false;
  return exporter !== '' || endpoint !== '';
}

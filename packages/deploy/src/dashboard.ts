import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { chart } from './paths.ts';

/** An expression of the dashboard or of an alert. */
export interface Query {
  /** Where it stands. */
  readonly where: string;
  readonly expr: string;
}

interface Panel {
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly h: number; readonly w: number; readonly x: number; readonly y: number };
  readonly targets?: readonly { readonly expr: string }[];
}

/** The panels of the dashboard in the chart. */
export function dashboardPanels(): readonly Panel[] {
  const dashboard = JSON.parse(readFileSync(join(chart, 'files/dashboard.json'), 'utf8')) as { readonly panels: readonly Panel[] };
  return dashboard.panels;
}

/** The dashboard's expressions, with values for Grafana's variables. */
export function dashboardQueries(): readonly Query[] {
  const filled = (expr: string): string => expr.replaceAll('$__rate_interval', '1m').replaceAll('$channel', '.*');
  return dashboardPanels().flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ where: title, expr: filled(expr) })));
}

export interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly annotations: Readonly<Record<string, string>>;
}

/** The alert rules in the chart. */
export function alerts(): readonly Alert[] {
  const { groups } = parse(readFileSync(join(chart, 'files/alerts.yaml'), 'utf8')) as { readonly groups: readonly { readonly rules: readonly Alert[] }[] };
  return groups.flatMap(({ rules }) => rules);
}

/** The names of our metrics, and of those of Node and gRPC, in an expression. */
export function metricsIn(expr: string): readonly string[] {
  return [...new Set(expr.match(/\b(orc|grpc_server|nodejs|process)_[a-z0-9_]+/g) ?? [])];
}

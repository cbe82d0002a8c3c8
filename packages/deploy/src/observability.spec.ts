import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { alerts, dashboardPanels, dashboardQueries, metricsIn } from './dashboard.ts';
import { root } from './paths.ts';

const server = join(root, 'apps/orchestrator/src/http');
const sources = globSync('*.ts', { cwd: server }).filter((file) => !file.endsWith('.spec.ts'));
const code = sources.map((file) => readFileSync(join(server, file), 'utf8')).join('\n');

/** What the library for metrics brings of itself. */
const ofTheLibrary = /^(nodejs|process)_/;

function isExported(metric: string): boolean {
  const name = metric.replace(/_(bucket|sum|count)$/, '');
  return ofTheLibrary.test(metric) || [metric, name].some((one) => new RegExp(`\\b${one}\\b`).test(code));
}

describe('the alerts', () => {
  it('ask for metrics that the server exports', () => {
    const unknown = alerts().flatMap(({ expr }) => metricsIn(expr).filter((metric) => !isExported(metric)));
    expect(unknown).toEqual([]);
    expect(isExported('orc_no_such_metric_total')).toBe(false);
  });

  it('have a page each that shows the rule, and no page is left over', () => {
    const folder = 'docs/operations/alerts';
    const pages = globSync('*.md', { cwd: join(root, folder) }).filter((page) => page !== 'README.md');
    expect(pages.toSorted()).toEqual(alerts().map(({ annotations }) => basename(annotations['runbook'] ?? '')).toSorted());
    for (const { annotations, expr } of alerts()) expect(readFileSync(join(root, annotations['runbook'] ?? ''), 'utf8')).toContain(expr);
    const index = readFileSync(join(root, folder, 'README.md'), 'utf8');
    for (const { alert } of alerts()) expect(index).toContain(`[${alert}](`);
  });

  it('have a unit test each', () => {
    const tests = readFileSync(join(root, 'packages/deploy/alerts-tests.yaml'), 'utf8');
    expect(alerts().filter(({ alert }) => !tests.includes(alert))).toEqual([]);
  });
});

describe('the dashboard', () => {
  it('asks for metrics that the server exports', () => {
    const unknown = dashboardQueries().flatMap(({ expr }) => metricsIn(expr).filter((metric) => !isExported(metric)));
    expect(unknown).toEqual([]);
    expect(dashboardQueries().length).toBeGreaterThan(20);
  });

  it('lays its panels side by side', () => {
    const panels = dashboardPanels();
    for (const [index, { title, gridPos: one }] of panels.entries()) {
      expect(one.x + one.w, title).toBeLessThanOrEqual(24);
      const over = panels.slice(index + 1).filter(({ gridPos: other }) => one.x < other.x + other.w && other.x < one.x + one.w && one.y < other.y + other.h && other.y < one.y + one.h);
      expect(over.map((panel) => `${panel.title} over ${title}`)).toEqual([]);
    }
  });
});

describe('docs/operations/metrics.md', () => {
  const page = readFileSync(join(root, 'docs/operations/metrics.md'), 'utf8');

  it('lists every metric of our own, and no other', () => {
    const made = [...code.matchAll(/(?:name: '|^  )((?:orc|grpc_server)_[a-z_]+)/gm)].map(([, name]) => name ?? '');
    const listed = [...page.matchAll(/^\| `((?:orc|grpc_server)_[a-z_]+)/gm)].map(([, name]) => name ?? '');
    const sorted = (names: readonly string[]): readonly string[] => names.toSorted((a, b) => (a < b ? -1 : 1));
    expect(made.length).toBeGreaterThan(25);
    expect(sorted(listed)).toEqual(sorted([...new Set(made)]));
  });
});

describe('compose.yaml', () => {
  const compose = parse(readFileSync(join(root, 'compose.yaml'), 'utf8'), { merge: true }) as {
    readonly services: Readonly<Record<string, { readonly image: string; readonly build?: { readonly dockerfile: string }; readonly volumes?: readonly string[]; readonly ports?: readonly string[]; readonly depends_on?: readonly string[] | Readonly<Record<string, object>> }>>;
    readonly volumes: Readonly<Record<string, unknown>>;
  };
  const services = Object.entries(compose.services);

  it('mounts files that are there, and volumes that are declared', () => {
    for (const [name, { build, volumes = [] }] of services) {
      if (build !== undefined) expect(existsSync(join(root, build.dockerfile)), name).toBe(true);
      for (const volume of volumes) {
        const [source = ''] = volume.split(':');
        // The folder of the certificates is made by the first start.
        const isThere = source.startsWith('./tmp/') || (source.startsWith('./') ? existsSync(join(root, source)) : source in compose.volumes);
        expect(isThere, `${name}: ${volume}`).toBe(true);
      }
    }
  });

  it('opens ports on loopback alone, depends on what is there, and pins its images', () => {
    for (const [name, { depends_on: dependsOn = [], image, ports = [] }] of services) {
      expect(ports.filter((port) => !port.startsWith('127.0.0.1:')), name).toEqual([]);
      expect((Array.isArray(dependsOn) ? dependsOn : Object.keys(dependsOn)).filter((other: string) => !(other in compose.services)), name).toEqual([]);
      expect(image, name).toMatch(/:(?!latest)[\w.-]+$/);
    }
  });
});

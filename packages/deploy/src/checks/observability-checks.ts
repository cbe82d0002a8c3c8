import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { globSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startDevLedger } from '@orchestrator/dev-ledger';
import { createTestVirtualHost, deployOrchestrator, findPorts, ServerProcess, TestRabbitMq } from '@orchestrator/tools';
import { type Check, expectNone } from '../check.ts';
import { alerts, dashboardQueries, metricsIn, type Query } from '../dashboard.ts';
import { chart, root } from '../paths.ts';
import { makePair } from '../pod-files.ts';
import { BackgroundProcess } from '../process.ts';
import { runOk } from '../run.ts';
import { findProgram, goTools } from '../tools.ts';
import { waitFor } from '../wait.ts';

const LOAD_TIMEOUT_MS = 300_000;
const SCRAPE_TIMEOUT_MS = 60_000;

/** Tell of what does not happen while nothing goes wrong: they may have no value. */
const mayBeSilent = /orc_ledger_resolved_|orc_event_subscriber_lag|Internal\|Unknown/;

/** Rules, dashboard and scripts, by the tools that they are made for. */
export function observabilityChecks(): readonly Check[] {
  return [
    { name: 'alerts: promtool check', run: async () => promtool('check', 'rules', join(chart, 'files/alerts.yaml')) },
    { name: 'alerts: promtool unit tests', run: async () => promtool('test', 'rules', join(root, 'packages/deploy/alerts-tests.yaml')) },
    { name: 'Prometheus: every expression of dashboard and alerts, over servers of both modes under load', run: queriesHaveValues },
    { name: 'shell scripts: shellcheck', run: shellcheck },
  ];
}

async function promtool(...args: readonly string[]): Promise<void> {
  const { promtool: program = '' } = await goTools('prometheus');
  await runOk({ command: program, args });
}

async function shellcheck(): Promise<void> {
  const scripts = globSync(['examples/**/*.sh', 'apps/*/bin/*', '.ci/run', 'docker/orchestrator-chaincode/chaincode'], { cwd: root });
  await runOk({ command: await findProgram('shellcheck'), args: ['--severity=warning', ...scripts.map((script) => join(root, script))] });
}

async function queriesHaveValues(): Promise<void> {
  const { prometheus = '' } = await goTools('prometheus');
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'orchestrator-prometheus-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const broker = stack.use(await TestRabbitMq.start());
  const host = stack.use(await createTestVirtualHost(broker));
  const channels = join(root, 'examples/compose/channels.yaml');
  const brokerSettings = { ORCHESTRATOR_AMQP_DSN: host.amqpUrl, ORCHESTRATOR_RABBITMQ_MANAGEMENT_URL: host.managementUrl, ORCHESTRATOR_CHANNEL_CONFIG: channels };
  const passwords = { ORCHESTRATOR_BROKER_PASSWORDS: JSON.stringify({ MyOrg1MSP: randomUUID(), MyOrg2MSP: randomUUID() }) };
  await runOk({ command: 'sh', args: [join(root, 'apps/orchestrator/bin/orchestrator'), 'broker', 'reconcile'], env: { ...brokerSettings, ...passwords } });
  const server = stack.use(await ServerProcess.start({ ...brokerSettings, ORCHESTRATOR_DATA_DIR: join(folder, 'data'), METRICS_ENABLED: 'true' }));
  const facade = await startFacade(stack, folder);
  const [port = 0] = await findPorts(1);
  const config = join(folder, 'prometheus.yaml');
  await writeFile(config, `global: { scrape_interval: 1s }\nscrape_configs: [{ job_name: orchestrator, static_configs: [{ targets: ["${server.httpAddress}", "${facade.server.httpAddress}"] }] }]\n`);
  stack.use(new BackgroundProcess({ command: prometheus, args: [`--config.file=${config}`, `--storage.tsdb.path=${folder}/tsdb`, `--web.listen-address=127.0.0.1:${port}`] }));
  const ask = (path: string): Promise<Answer> => query(`http://127.0.0.1:${port}/api/v1/${path}`);
  // Rates want two scrapes around what happens.
  await waitFor(async () => ((await ask('query?query=orc_event_sent_total')).data.result.length > 1 ? true : undefined), { what: 'Prometheus has scraped both servers', timeoutMs: SCRAPE_TIMEOUT_MS });
  await load(['task', 'stream'], server.grpcAddress);
  await load(['task registration'], facade.server.grpcAddress.replace('127.0.0.1', 'localhost'), '--tls', '--cafile', facade.certificate);
  const problems = await Promise.all([...dashboardQueries(), ...alertQueries()].map((one) => problemOf(one, ask)));
  const { data } = await ask('metadata?limit=1000') as unknown as { readonly data: Readonly<Record<string, unknown>> };
  expectNone([...problems.flat(), ...unknownMetrics(Object.keys(data))]);
}

/** A server of distributed mode on the development ledger, with TLS. */
async function startFacade(stack: AsyncDisposableStack, folder: string): Promise<{ readonly server: ServerProcess; readonly certificate: string }> {
  const ledger = stack.use(await startDevLedger());
  const deployment = stack.use(await deployOrchestrator(ledger));
  const { certificate, key } = await makePair(folder);
  const tls = { ORCHESTRATOR_TLS_ENABLED: 'true', ORCHESTRATOR_TLS_CERT_PATH: certificate, ORCHESTRATOR_TLS_KEY_PATH: key };
  return { server: stack.use(await ServerProcess.start({ ...deployment.environment, ...tls, METRICS_ENABLED: 'true' })), certificate };
}

async function load(filters: readonly string[], address: string, ...more: readonly string[]): Promise<void> {
  for (const filter of filters) {
    const args = ['--conditions=@orchestrator/source', 'e2e/src/main.ts', '--server-addr', address, '--short', '--filter', filter, ...more];
    await runOk({ command: process.execPath, args, cwd: root, timeoutMs: LOAD_TIMEOUT_MS });
  }
}

interface Answer {
  readonly status: string;
  readonly error?: string;
  readonly data: { readonly result: readonly unknown[] };
}

async function query(url: string): Promise<Answer> {
  return (await (await fetch(url, { signal: AbortSignal.timeout(10_000) })).json()) as Answer;
}

/** Without its comparison an alert's expression has a value all the time. */
function alertQueries(): readonly Query[] {
  return alerts().map(({ alert, expr }) => ({ where: alert, expr: expr.replace(/ (>|==|<) [\d.]+$/, '').replace(/^absent\((.*)\)$/, '$1') }));
}

async function problemOf({ where, expr }: Query, ask: (path: string) => Promise<Answer>): Promise<readonly string[]> {
  const { status, error, data } = await ask(`query?query=${encodeURIComponent(expr)}`);
  if (status !== 'success') return [`${where}: ${expr}: ${error}`];
  return data.result.length > 0 || mayBeSilent.test(expr) ? [] : [`${where}: ${expr} has no value`];
}

/** Also those that may have no value have to exist. */
function unknownMetrics(known: readonly string[]): readonly string[] {
  const names = new Set(known);
  const exists = (name: string): boolean => names.has(name) || names.has(name.replace(/_(bucket|sum|count)$/, ''));
  return [...dashboardQueries(), ...alertQueries()].flatMap(({ where, expr }) => metricsIn(expr).filter((name) => !exists(name)).map((name) => `${where}: there is no metric ${name}`));
}

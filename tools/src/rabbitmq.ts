import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { ensureRabbitMq } from './rabbitmq-install.ts';

const run = promisify(execFile);

const START_TIMEOUT_MS = 90_000;
const STOP_TIMEOUT_MS = 30_000;
const POLL_INTERVAL_MS = 200;
/** Its only listeners are on loopback, and it lives as long as a test run. */
const ADMIN = 'admin';

interface Ports {
  readonly amqp: number;
  readonly management: number;
  readonly distribution: number;
  readonly epmd: number;
}

/**
 * A RabbitMQ with the management plugin, in a temporary folder, with a node name and ports of its own on loopback.
 * Ports and data outlive `stop` and `kill`: `start` brings the same broker back.
 */
export class TestRabbitMq implements AsyncDisposable {
  readonly #binDir: string;
  readonly #folder: string;
  readonly #ports: Ports;
  readonly #env: NodeJS.ProcessEnv;
  readonly #children: ChildProcess[] = [];
  #broker: ChildProcess | undefined;
  #guard: ChildProcess | undefined;

  private constructor(binDir: string, folder: string, ports: Ports) {
    this.#binDir = binDir;
    this.#folder = folder;
    this.#ports = ports;
    this.#env = environmentOf(folder, ports);
  }

  /**
   * Starts a broker; `say` is told when the package has to be installed first.
   *
   * @throws when RabbitMQ can be had in no way, or does not come up: with the end of its log.
   */
  static async start(say: (line: string) => void = () => undefined): Promise<TestRabbitMq> {
    const binDir = await ensureRabbitMq(say);
    const folder = await mkdtemp(join(tmpdir(), 'orchestrator-test-rabbitmq-'));
    const [amqp, management, distribution, epmd] = await freePorts();
    const broker = new TestRabbitMq(binDir, folder, { amqp, management, distribution, epmd });
    try {
      await broker.#configure();
      await broker.#startEpmd();
      await broker.start();
      return broker;
    } catch (error) {
      await broker[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Leads to the virtual host `/` as the administrator. */
  get amqpUrl(): string {
    return `amqp://${ADMIN}:${ADMIN}@127.0.0.1:${this.#ports.amqp}/%2F`;
  }

  get managementUrl(): string {
    return `http://${ADMIN}:${ADMIN}@127.0.0.1:${this.#ports.management}`;
  }

  /** Starts the broker after `stop` or `kill`, and waits until it can be used. */
  async start(): Promise<void> {
    const log = openSync(this.#logPath, 'a');
    // Under systemd's flag the script becomes the broker instead of watching over it: signals reach the broker itself.
    const env = { ...this.#env, RUNNING_UNDER_SYSTEMD: 'true' };
    const options = { env, detached: true, stdio: ['ignore', log, log] as const };
    this.#broker = spawn(join(this.#binDir, 'rabbitmq-server'), [], { ...options, stdio: [...options.stdio] });
    closeSync(log);
    this.#guard ??= guardAgainstKill(this.#folder);
    this.#guard.stdin?.write(`${this.#pids().join(' ')}\n`);
    await this.#waitUntilUsable(this.#broker);
  }

  /** Ends the broker in order; its durable queues and persistent messages stay. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  /** Kills the broker on the spot. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Runs `rabbitmqctl` on this broker: alarms, users, queues. @returns what it prints. */
  async ctl(...args: readonly string[]): Promise<string> {
    const { stdout } = await run(join(this.#binDir, 'rabbitmqctl'), ['--quiet', ...args], { env: this.#env, timeout: 60_000 });
    return stdout;
  }

  /** `rabbitmqctl` and the variables by which it finds this broker, for commands that tests run as their readers would. */
  get ctlCommand(): { readonly file: string; readonly env: Readonly<Record<string, string | undefined>> } {
    return { file: join(this.#binDir, 'rabbitmqctl'), env: this.#env };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    for (const child of this.#children) child.kill('SIGKILL');
    this.#guard?.kill('SIGKILL');
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }

  get #logPath(): string {
    return join(this.#folder, 'broker.log');
  }

  #pids(): readonly number[] {
    return [...this.#children, this.#broker].flatMap((child) => (child?.pid === undefined ? [] : [child.pid]));
  }

  async #configure(): Promise<void> {
    const { amqp, management } = this.#ports;
    const lines = [
      `listeners.tcp.1 = 127.0.0.1:${amqp}`,
      'management.tcp.ip = 127.0.0.1',
      `management.tcp.port = ${management}`,
      `default_user = ${ADMIN}`,
      `default_pass = ${ADMIN}`,
      // Queue lengths in the management API follow within this time.
      'collect_statistics_interval = 1000',
      'log.console = true',
      'log.file = false',
    ];
    await writeFile(join(this.#folder, 'rabbitmq.conf'), `${lines.join('\n')}\n`);
    await writeFile(join(this.#folder, 'enabled_plugins'), '[rabbitmq_management].\n');
    await writeFile(join(this.#folder, 'rabbitmq-env.conf'), '');
  }

  /** The broker would start a port mapper for the whole machine, and leave it behind. */
  async #startEpmd(): Promise<void> {
    const port = String(this.#ports.epmd);
    const epmd = spawn('epmd', ['-port', port, '-address', '127.0.0.1'], { stdio: 'ignore', detached: true, env: this.#env });
    await once(epmd, 'spawn');
    this.#children.push(epmd);
  }

  async #waitUntilUsable(broker: ChildProcess): Promise<void> {
    const deadlineMs = Date.now() + START_TIMEOUT_MS;
    while (!(await this.#isUsable())) {
      const ended = broker.exitCode !== null || broker.signalCode !== null;
      if (ended || Date.now() > deadlineMs) {
        const log = existsSync(this.#logPath) ? await readFile(this.#logPath, 'utf8') : '';
        throw new Error(`RabbitMQ ${ended ? 'ended' : 'is not ready in time'}; the end of its log:\n${log.slice(-3000)}`);
      }
      await delay(POLL_INTERVAL_MS);
    }
  }

  /** The management API comes up last, after the listeners for messages. */
  async #isUsable(): Promise<boolean> {
    try {
      const { origin, username, password } = new URL(this.managementUrl);
      const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
      const url = `${origin}/api/health/checks/port-listener/${this.#ports.amqp}`;
      const response = await fetch(url, { headers: { authorization }, signal: AbortSignal.timeout(2000) });
      return response.ok;
    } catch {
      return false;
    }
  }

  async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const broker = this.#broker;
    this.#broker = undefined;
    if (broker?.pid === undefined || broker.exitCode !== null || broker.signalCode !== null) return;
    const ended = once(broker, 'exit');
    broker.kill(signal);
    const isLate = await Promise.race([ended.then(() => false), delay(STOP_TIMEOUT_MS, true, { ref: false })]);
    if (!isLate) return;
    broker.kill('SIGKILL');
    await ended;
  }
}

function environmentOf(folder: string, { distribution, epmd }: Ports): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    LANG: 'C.UTF-8',
    // Erlang's cookie lies in the home folder.
    HOME: folder,
    RABBITMQ_NODENAME: `test-${randomUUID()}@localhost`,
    RABBITMQ_DIST_PORT: String(distribution),
    RABBITMQ_MNESIA_BASE: join(folder, 'mnesia'),
    RABBITMQ_LOG_BASE: join(folder, 'log'),
    RABBITMQ_PID_FILE: join(folder, 'broker.pid'),
    RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
    RABBITMQ_CONF_ENV_FILE: join(folder, 'rabbitmq-env.conf'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
    // Erlang's schedulers wait for work in busy loops, which takes the processor from the tests.
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '+sbwt none +sbwtdcpu none +sbwtdio none -kernel inet_dist_use_interface {127,0,0,1}',
    ERL_EPMD_PORT: String(epmd),
    ERL_EPMD_ADDRESS: '127.0.0.1',
  };
}

/** Held all at once, lest the same one is found twice. */
async function freePorts(): Promise<readonly [number, number, number, number]> {
  const servers = [0, 0, 0, 0].map(() => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const [a = 0, b = 0, c = 0, d = 0] = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(
    servers.map(async (server) => {
      server.close();
      await once(server, 'close');
    }),
  );
  return [a, b, c, d];
}

/** A killed test run must not leave a broker: this shell notices the end of this process by the end of its input. */
function guardAgainstKill(folder: string): ChildProcess {
  const script = 'while read -r line; do pids=$line; done; kill -KILL $pids; sleep 1; rm -rf "$1"';
  const guard = spawn('/bin/sh', ['-c', script, 'sh', folder], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  guard.unref();
  // The pipe alone must not keep this process alive.
  if (guard.stdin instanceof Socket) guard.stdin.unref();
  return guard;
}

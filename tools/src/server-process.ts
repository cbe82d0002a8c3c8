import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const launcher = join(import.meta.dirname, '../../apps/orchestrator/bin/orchestrator');

const START_TIMEOUT_MS = 60_000;
const END_TIMEOUT_MS = 30_000;
const KEPT_LINES = 50;
const KEPT_CHARACTERS = 64 * 1024 * 1024;

/** How a server process ended. */
export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Which server is started. */
export interface ServerOptions {
  /** The one whose program this is; these sources by default. */
  readonly build?: { readonly launcher: string };
}

/** A server of this product in a process of its own, as an operator starts it. */
export class ServerProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  #everything = '';
  readonly #ended: Promise<ProcessEnd>;
  #addresses: { readonly grpc: string; readonly http: string } | undefined;

  private constructor(environment: Readonly<Record<string, string>>, program: string) {
    this.#child = spawnProgram(program, 'serve', environment);
    this.#ended = once(this.#child, 'exit').then(([code, signal]) => ({
      code: code as number | null,
      signal: signal as NodeJS.Signals | null,
    }));
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream === null) throw new Error('a piped stream is missing');
      createInterface({ input: stream }).on('line', (line) => this.#read(line));
    }
  }

  /**
   * Starts a server on free ports of the loopback interface and waits until it is SERVING.
   *
   * @param environment further settings.
   * @throws Error with what it printed when it ends before.
   */
  static async start(environment: Readonly<Record<string, string>>, { build }: ServerOptions = {}): Promise<ServerProcess> {
    const addresses = { ORCHESTRATOR_GRPC_ADDRESS: '127.0.0.1:0', ORCHESTRATOR_HTTP_ADDRESS: '127.0.0.1:0' };
    const server = new ServerProcess({ ...addresses, ...environment }, build?.launcher ?? launcher);
    try {
      await server.#serving();
    } catch (error) {
      // Nobody else has it, and it would stay.
      server.kill('SIGKILL');
      throw error;
    }
    return server;
  }

  /** Host and port of the gRPC API. */
  get grpcAddress(): string {
    return this.#addresses?.grpc ?? '';
  }

  /** Host and port of probes and metrics. */
  get httpAddress(): string {
    return this.#addresses?.http ?? '';
  }

  /** All that it printed, up to 64 Mi characters. */
  get everything(): string {
    return this.#everything;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** The last lines that it printed. */
  get output(): string {
    return this.#lines.join('\n');
  }

  /** Sends a signal; it reaches the server itself, since the launcher is replaced by it. */
  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** @throws Error when it has not ended in time; it is then killed. */
  async ended(timeoutMs = END_TIMEOUT_MS): Promise<ProcessEnd> {
    const end = await withTimeout(this.#ended, timeoutMs);
    if (end !== undefined) return end;
    this.kill('SIGKILL');
    throw new Error(`the server did not end within ${timeoutMs} ms:\n${this.output}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.hasEnded) return;
    this.kill('SIGTERM');
    await this.ended();
  }

  async #serving(): Promise<void> {
    const deadlineMs = Date.now() + START_TIMEOUT_MS;
    while (this.#addresses === undefined) {
      const end = await withTimeout(this.#ended, 20);
      if (end !== undefined) throw new Error(`the server ended with ${JSON.stringify(end)}:\n${this.output}`);
      if (Date.now() > deadlineMs) throw new Error(`the server did not start in time:\n${this.output}`);
    }
  }

  #read(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > KEPT_LINES) this.#lines.shift();
    if (this.#everything.length < KEPT_CHARACTERS) this.#everything += `${line}\n`;
    if (!line.includes('is SERVING')) return;
    const { grpc, http } = JSON.parse(line) as { grpc: string; http: string };
    this.#addresses = { grpc, http };
  }
}

/** What `orchestrator migrate` came to. */
export interface MigrationEnd extends ProcessEnd {
  /** All that it printed. */
  readonly output: string;
}

/** A process of `orchestrator migrate`. */
export interface MigrationProcess {
  readonly kill: (signal: NodeJS.Signals) => void;
  /** Resolves with its end, which is near: it is killed when it takes too long. */
  readonly ended: Promise<MigrationEnd>;
}

/** Starts `orchestrator migrate` on a database, as an operator does. */
export function startMigration(databaseUrl: string, { build }: ServerOptions = {}): MigrationProcess {
  const child = spawnProgram(build?.launcher ?? launcher, 'migrate', { ORCHESTRATOR_DATABASE_URL: databaseUrl });
  const timer = setTimeout(() => child.kill('SIGKILL'), START_TIMEOUT_MS);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text: string) => (output += text));
  const ended = once(child, 'close').then(([code, signal]) => {
    clearTimeout(timer);
    return { code: code as number | null, signal: signal as NodeJS.Signals | null, output };
  });
  return { kill: (signal) => child.kill(signal), ended };
}

/** Runs `orchestrator migrate` to its end. @throws Error with what it printed when it fails. */
export async function runMigration(databaseUrl: string, options: ServerOptions = {}): Promise<void> {
  const { code, signal, output } = await startMigration(databaseUrl, options).ended;
  if (code !== 0) throw new Error(`orchestrator migrate ended with ${code ?? signal}:\n${output}`);
}

function spawnProgram(program: string, command: string, environment: Readonly<Record<string, string>>): ChildProcess {
  return spawn('sh', [program, command], { env: { ...inherited(), ...environment }, stdio: ['ignore', 'pipe', 'pipe'] });
}

/** The settings of whoever runs the tests must not reach the server. */
function inherited(): Record<string, string> {
  const entries = Object.entries(process.env).filter(([name]) => !name.startsWith('ORCHESTRATOR_'));
  return Object.fromEntries(entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

async function withTimeout<T>(promise: Promise<T>, timeoutMs: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), timeoutMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

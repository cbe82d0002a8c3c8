import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { Profiler } from 'node:inspector';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerProcess } from '@orchestrator/tools';
import { nowMs } from '../process/clock.ts';
import { toCosts } from './costs.ts';
import { toFlameGraph } from './flame-graph.ts';
import { BEGUN, FILE_VARIABLE } from './files.ts';
import { toTable } from './cost-table.ts';

const TIMEOUT_MS = 30_000;
const LOOK_MS = 20;

/** Profiles a server while it does something. */
export class ServerProfiler implements AsyncDisposable {
  readonly #folder: string;
  readonly #file: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#file = join(folder, 'profile.json');
  }

  /** Opens one, for one server. */
  static async open(): Promise<ServerProfiler> {
    return new ServerProfiler(await mkdtemp(join(tmpdir(), 'orchestrator-profile-')));
  }

  /** What the server has to be started with. */
  get environment(): Readonly<Record<string, string>> {
    const preloaded = `--import=${join(import.meta.dirname, 'preloaded.ts')}`;
    return { [FILE_VARIABLE]: this.#file, NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} ${preloaded}`.trim() };
  }

  /** Does the work and writes where the server's time went meanwhile: a profile for V8's viewers, a flame graph, a table. */
  async during<T>(server: ServerProcess, target: ProfileTarget, work: () => Promise<T>): Promise<T> {
    const begun = this.#file + BEGUN;
    server.kill('SIGUSR2');
    await appeared(begun);
    const result = await work();
    server.kill('SIGUSR2');
    await appeared(this.#file);
    const text = await readFile(this.#file, 'utf8');
    await Promise.all([rm(this.#file), rm(begun)]);
    await writeProfile(text, target);
    return result;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** Where a profile goes. */
export interface ProfileTarget {
  readonly folder: string;
  /** What was profiled; the files are named after it. */
  readonly name: string;
}

async function writeProfile(text: string, { folder, name }: ProfileTarget): Promise<void> {
  const costs = toCosts(JSON.parse(text) as Profiler.Profile);
  await mkdir(folder, { recursive: true });
  await Promise.all([
    writeFile(join(folder, `${name}.cpuprofile`), text),
    writeFile(join(folder, `${name}-profile.svg`), toFlameGraph(`The server's time in: ${name}`, costs)),
    writeFile(join(folder, `${name}-profile.md`), toTable(costs)),
  ]);
}

/** @throws Error when it does not come. */
async function appeared(file: string): Promise<void> {
  const deadlineMs = nowMs() + TIMEOUT_MS;
  while (!existsSync(file)) {
    if (nowMs() > deadlineMs) throw new Error(`the profiled server did not write ${file}`);
    await sleep(LOOK_MS);
  }
}

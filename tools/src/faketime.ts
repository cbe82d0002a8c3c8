import { existsSync, globSync, statSync } from 'node:fs';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What to say where the clock of a process cannot be stepped. */
export const faketimeMissing = 'libfaketime is not installed: no clock is stepped (on Debian: apt-get install faketime)';

/** How long a process may go on with the time that it had before a step. */
const CACHE_S = 1;

/** The library that goes between a program and the system's clock; undefined where it is not installed. */
export function findFaketime(): string | undefined {
  const candidates = ['/usr/lib/*/faketime/libfaketimeMT.so.1', '/usr/lib/faketime/libfaketimeMT.so.1', '/usr/local/lib/faketime/libfaketimeMT.so.1'];
  return candidates.flatMap((pattern) => globSync(pattern)).find((path) => existsSync(path));
}

/** A clock for processes of our own that can be set while they run. Only wall clocks go wrong: timers keep the pace. */
export class SteppedClock implements AsyncDisposable {
  /** Makes a process that is started with it read this clock. */
  readonly environment: Readonly<Record<string, string>>;
  /** After a step, so long until all processes are sure to have noticed. */
  readonly noticedWithinMs = CACHE_S * 1000 + 100;
  readonly #folder: string;
  readonly #openedMs = Date.now();

  private constructor(folder: string, library: string) {
    this.#folder = folder;
    this.environment = {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: this.#file,
      FAKETIME_CACHE_DURATION: String(CACHE_S),
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      NO_FAKE_STAT: '1',
    };
  }

  /** A clock that is right as yet. @param library what `findFaketime` found. */
  static async open(library: string): Promise<SteppedClock> {
    const clock = new SteppedClock(await mkdtemp(join(tmpdir(), 'orchestrator-clock-')), library);
    await clock.set(0);
    return clock;
  }

  get #file(): string {
    return join(this.#folder, 'offset');
  }

  /** Puts the clock so many seconds from the right time. */
  async set(offsetS: number): Promise<void> {
    // Whole at any moment: a process may be reading it.
    await writeFile(`${this.#file}.new`, `${offsetS < 0 ? '' : '+'}${offsetS}\n`);
    await rename(`${this.#file}.new`, this.#file);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#removeLeftovers();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** A killed process leaves its part of the machine's shared memory behind, named by its id. */
  async #removeLeftovers(): Promise<void> {
    for (const path of globSync('/dev/shm/*faketime_*_*')) {
      const { mtimeMs = 0 } = statSync(path, { throwIfNoEntry: false }) ?? {};
      if (mtimeMs >= this.#openedMs && !isAlive(Number(path.split('_').at(-1)))) await rm(path, { force: true });
    }
  }
}

function isAlive(pid: number): boolean {
  return existsSync(`/proc/${pid}`);
}

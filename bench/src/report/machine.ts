import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem } from 'node:os';

const GIBIBYTE = 2 ** 30;

/** Where and on what a benchmark ran. */
export interface Machine {
  readonly date: string;
  readonly commit: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGib: number;
  readonly kernel: string;
  readonly node: string;
  /** Of the minute before: more than nothing means that others used the machine. */
  readonly load: number;
}

/** Looks at the machine, before the benchmark. */
export function describeMachine(): Machine {
  const [cpu] = cpus();
  return {
    date: new Date().toISOString(),
    commit: readCommit(),
    cpu: cpu?.model ?? 'unknown',
    cores: cpus().length,
    memoryGib: Math.round(totalmem() / GIBIBYTE),
    kernel: release(),
    node: process.version,
    load: loadavg()[0] ?? 0,
  };
}

/** The commit of the working tree, and whether files differ from it. */
function readCommit(): string {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty', '--exclude=*'], { encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}

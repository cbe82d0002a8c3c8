import { spawn } from 'node:child_process';

/** How a program of PostgreSQL is started: under which user, through which wrapper. */
export interface Launch {
  /** Put in front of the program: `setpriv` and its options, or nothing. */
  readonly prefix: readonly string[];
  /** Set where Node itself changes the user. */
  readonly uid?: number;
  readonly gid?: number;
}

/** One program, run to its end. */
export interface RunOptions {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly timeoutMs: number;
}

export interface RunResult {
  /** Undefined when it did not start, was killed, or took too long. */
  readonly exitCode: number | undefined;
  readonly stdout: string;
  /** What the program wrote, or why it could not be started. */
  readonly stderr: string;
}

/** The environment of PostgreSQL's programs: nothing of ours may change what they do. */
export const cleanEnvironment: Readonly<Record<string, string>> = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LANG: 'C',
  LC_ALL: 'C',
  TZ: 'UTC',
};

/** The command line of a program under `launch`, and spawn's options for it. */
export function commandOf(launch: Launch, { program, args }: Pick<RunOptions, 'program' | 'args'>) {
  const [command = program, ...rest] = [...launch.prefix, program, ...args];
  const identity = launch.uid === undefined ? {} : { uid: launch.uid, gid: launch.gid ?? launch.uid };
  return { command, args: rest, options: { ...identity, env: cleanEnvironment } };
}

/** Runs a program to its end, or to the deadline, at which it is killed. Never rejects. */
export function run(launch: Launch, { program, args, cwd, timeoutMs }: RunOptions): Promise<RunResult> {
  const { promise, resolve } = Promise.withResolvers<RunResult>();
  const { command, args: all, options } = commandOf(launch, { program, args });
  const child = spawn(command, all, { ...options, cwd, stdio: ['ignore', 'pipe', 'pipe'], timeout: timeoutMs, killSignal: 'SIGKILL' });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  child.on('error', (error) => resolve({ exitCode: undefined, stdout: '', stderr: error.message }));
  child.on('close', (exitCode) => resolve({ exitCode: exitCode ?? undefined, ...output }));
  return promise;
}

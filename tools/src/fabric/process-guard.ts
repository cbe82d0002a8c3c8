import { type ChildProcess, spawn } from 'node:child_process';
import { Socket } from 'node:net';

/**
 * Reads the pids that run, line by line, each line the whole list. When its input ends, this process is gone, however it
 * ended, and what still runs is killed; the folder is removed where one is named.
 */
const script = `
while read -r line; do pids=$line; done
if [ -n "$pids" ]; then kill -KILL $pids 2>/dev/null; sleep 1; fi
if [ -n "$1" ]; then rm -rf "$1"; fi
`;

/** Sees to it that no process outlives this one, even when this one is killed. */
export class ProcessGuard implements Disposable {
  readonly #shell: ChildProcess;
  readonly #pids = new Set<number>();

  /** @param temporaryFolder removed in the end, when this process does not come to dispose of the guard. */
  constructor(temporaryFolder?: string) {
    this.#shell = spawn('/bin/sh', ['-c', script, 'sh', temporaryFolder ?? ''], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
    this.#shell.unref();
    this.#shell.stdin?.on('error', () => undefined);
    // The pipe alone must not keep this process alive.
    if (this.#shell.stdin instanceof Socket) this.#shell.stdin.unref();
  }

  /** Watches over a child until it ends, or over the whole group that it leads. */
  watch(child: ChildProcess, { isGroup = false }: { readonly isGroup?: boolean } = {}): void {
    if (child.pid === undefined) return;
    const pid = isGroup ? -child.pid : child.pid;
    this.#pids.add(pid);
    this.#tell();
    child.once(isGroup ? 'close' : 'exit', () => {
      this.#pids.delete(pid);
      this.#tell();
    });
  }

  [Symbol.dispose](): void {
    this.#shell.kill('SIGKILL');
  }

  #tell(): void {
    this.#shell.stdin?.write(`${[...this.#pids].join(' ')}\n`);
  }
}

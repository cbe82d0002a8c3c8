import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { globSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { root } from '../paths.ts';
import { BackgroundProcess } from '../process.ts';
import { runOk } from '../run.ts';
import { waitFor } from '../wait.ts';
import { type Block, commandBlocks, commandsOf, fateOf } from './blocks.ts';

const START_TIMEOUT_MS = 120_000;
const RUN_TIMEOUT_MS = 600_000;

/** Made or installed, or not of this repository. */
const notCopied: ReadonlySet<string> = new Set(['.git', '.nx', 'data', 'dist', 'node_modules', 'tmp']);

/** Which block, and what differs from its text. */
export interface Turn {
  readonly page: string;
  /** How its commands begin. */
  readonly begins: string;
  /** What the reader has to fill in, and ports that may be taken: each has to be in the text. */
  readonly replace?: Readonly<Record<string, string>>;
  /** Documented variables. */
  readonly env?: Readonly<Record<string, string>>;
  /** The page's folder, where it speaks of that; the root of the repository otherwise. */
  readonly cwd?: string;
}

/** Commands that go on running. */
export interface Started extends AsyncDisposable {
  readonly output: string;
  /** Where a server listens that these commands have started. @throws Error while it is not SERVING */
  readonly addresses: { readonly grpc: string; readonly http: string };
}

/** A copy of the repository in which a reader tries the commands of its pages, as they stand there. */
export class Desk implements AsyncDisposable {
  readonly folder: string;
  readonly #ran: Set<string>;
  readonly #stack = new AsyncDisposableStack();

  private constructor(folder: string, ran: Set<string>) {
    this.folder = folder;
    this.#ran = ran;
  }

  /**
   * Copies the repository, with links to what is installed.
   *
   * @param ran gets the commands that were run.
   */
  static async make(ran: Set<string>, { isInstalled = true }: { readonly isInstalled?: boolean } = {}): Promise<Desk> {
    const folder = await mkdtemp(join(tmpdir(), 'orchestrator-desk-'));
    await cp(root, folder, { recursive: true, verbatimSymlinks: true, filter: (path) => path === root || !notCopied.has(basename(path)) });
    const installed = isInstalled ? globSync(['node_modules', '{apps,packages}/*/node_modules', '{bench,docs/typedoc,e2e,tools}/node_modules'], { cwd: root }) : [];
    for (const modules of installed) await symlink(join(root, modules), join(folder, modules));
    await mkdir(join(folder, 'tmp/bin'), { recursive: true });
    await symlink('../../apps/orchestrator/bin/orchestrator', join(folder, 'tmp/bin/orchestrator'));
    return new Desk(folder, ran);
  }

  /** Writes a file that a page tells its reader to have. */
  async write(path: string, text: string): Promise<void> {
    await mkdir(dirname(join(this.folder, path)), { recursive: true });
    await writeFile(join(this.folder, path), text);
  }

  /** Has a program on the PATH of the commands, as a script. */
  async provide(name: string, script: string): Promise<void> {
    await writeFile(join(this.folder, 'tmp/bin', name), script, { mode: 0o755 });
  }

  /** Runs commands that end. @returns what they print. @throws Error with what they said when one fails */
  async run(turn: Turn): Promise<string> {
    const { block, text } = prepare(turn);
    const said = await runOk({ command: 'sh', args: ['-euc', text], cwd: join(this.folder, turn.cwd ?? ''), env: this.#environment(turn), timeoutMs: RUN_TIMEOUT_MS });
    this.#ran.add(commandsOf(block));
    return said;
  }

  /** Starts commands that do not end by themselves, and waits until they have said what they should. */
  async start(turn: Turn & { readonly until: RegExp; readonly timeoutMs?: number }): Promise<Started> {
    const { block, text } = prepare(turn);
    const running = this.#stack.use(new BackgroundProcess({ command: 'sh', args: ['-euc', text], cwd: join(this.folder, turn.cwd ?? ''), env: this.#environment(turn), isGroup: true }));
    const hasSaidIt = (): boolean => turn.until.test(running.output);
    await waitFor(() => Promise.resolve(hasSaidIt() || running.hasEnded ? true : undefined), { what: `${turn.page}: "${turn.begins}" says ${turn.until}`, timeoutMs: turn.timeoutMs ?? START_TIMEOUT_MS }).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${running.output}`);
    });
    if (!hasSaidIt()) running.assertRunning();
    this.#ran.add(commandsOf(block));
    return {
      get output() {
        return running.output;
      },
      get addresses() {
        return addressesIn(running.output);
      },
      [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }

  #environment({ env = {} }: Turn): Readonly<Record<string, string>> {
    const anyPort = { ORCHESTRATOR_GRPC_ADDRESS: '127.0.0.1:0', ORCHESTRATOR_HTTP_ADDRESS: '127.0.0.1:0' };
    return { PATH: `${join(this.folder, 'tmp/bin')}${delimiter}${process.env['PATH'] ?? ''}`, ...anyPort, ...env };
  }
}

function prepare({ page, begins, replace = {} }: Turn): { readonly block: Block; readonly text: string } {
  const found = commandBlocks().filter((block) => block.page === page && block.text.startsWith(begins));
  const [block] = found;
  if (block === undefined || found.length > 1) throw new Error(`${page} has ${found.length} blocks that begin with "${begins}"`);
  if (fateOf(block) === 'nobody') throw new Error(`${page}:${block.line} is run, and marked as if it were not`);
  let text = block.text;
  for (const [from, to] of Object.entries(replace)) {
    if (!text.includes(from)) throw new Error(`${page}:${block.line} has no "${from}" any more`);
    text = text.replaceAll(from, to);
  }
  return { block, text };
}

function addressesIn(output: string): { readonly grpc: string; readonly http: string } {
  const line = output.split('\n').find((one) => one.startsWith('{') && one.includes('is SERVING'));
  if (line === undefined) throw new Error(`no server says where it listens:\n${output}`);
  return JSON.parse(line) as { readonly grpc: string; readonly http: string };
}

/** The commands that these tests or checks should have run, and have not. */
export function leftOut(ran: ReadonlySet<string>, fate: ReturnType<typeof fateOf>): readonly string[] {
  return commandBlocks().filter((block) => fateOf(block) === fate && !ran.has(commandsOf(block))).map(({ page, line }) => `${page}:${line}`);
}

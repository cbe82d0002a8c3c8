import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

const INSTALL_TIMEOUT_MS = 300_000;

/** What `installDebianPackage` runs, for people. */
export function installCommand(name: string): string {
  return `apt-get install -y --no-install-recommends ${name}`;
}

/** Installs a package of Debian; needs root. @throws when it cannot be had. */
export async function installDebianPackage(name: string): Promise<void> {
  try {
    await install(name);
  } catch {
    // A fresh machine has no lists of packages, an old one those of versions that are gone.
    await apt('update', '-qq');
    await install(name);
  }
}

function install(name: string): Promise<unknown> {
  return apt('install', '-y', '-qq', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=120', name);
}

function apt(...args: readonly string[]): Promise<unknown> {
  // A package would start a server of its own, under its own name and on the usual ports.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  return run('apt-get', [...args], { env, timeout: INSTALL_TIMEOUT_MS, maxBuffer: 16_777_216 });
}

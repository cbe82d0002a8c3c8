import { closeSync, globSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Check } from '../check.ts';
import { baseImage, type Containers } from '../containers.ts';

/** What a program for 64-bit ARM says of itself in its header. */
const AARCH64 = 183;
const MACHINE_OFFSET = 18;
const ELF = 0x7f454c46;

const names = ['orchestrator-server', 'orchestrator-chaincode', 'orchestrator-chaincode-init'] as const;

/** What the arguments of a build change: the platform, the base's digest, the labels. */
export function platformChecks(prepare: () => Promise<Containers>): readonly Check[] {
  return [
    ...names.map((name) => ({ name: `image ${name}: is built for arm64 without emulation`, run: async () => forArm64(await prepare(), name) })),
    { name: 'image orchestrator-chaincode-init: base pinned by digest; version, revision and moment in its labels', run: async () => pinned(await prepare()) },
  ];
}

interface Inspected {
  readonly Architecture: string;
  readonly Digest: string;
  readonly Config: { readonly Labels?: Readonly<Record<string, string>> };
}

async function inspect(containers: Containers, image: string): Promise<Inspected> {
  return (JSON.parse(await containers.podmanOk(['image', 'inspect', image])) as [Inspected])[0];
}

async function forArm64(containers: Containers, name: string): Promise<void> {
  // The embedded database is the only machine code that an image can have of ours: it has to be that of arm64, too.
  const hasDatabase = name === 'orchestrator-server';
  const image = await containers.buildForArm64(name, ...(hasDatabase ? ['--build-arg', 'EMBEDDED_POSTGRES=true'] : []));
  const { Architecture: architecture } = await inspect(containers, image);
  if (architecture !== 'arm64') throw new Error(`it is for ${architecture}`);
  const mounted = (await containers.podmanOk(['image', 'mount', image])).trim();
  try {
    const machines = machinesIn(join(mounted, 'app'));
    const others = machines.filter(({ machine }) => machine !== AARCH64);
    if (others.length > 0) throw new Error(`this is of another machine: ${others.map(({ path }) => path).join(', ')}`);
    if (machines.length > 0 !== hasDatabase) throw new Error(`it has ${machines.length} files of machine code`);
    if (machinesIn(join(mounted, 'usr/local/bin')).length !== 1) throw new Error('its base has no Node');
  } finally {
    await containers.podman(['image', 'unmount', image]);
  }
}

/** The files of machine code below a folder. */
function machinesIn(folder: string): readonly { readonly path: string; readonly machine: number }[] {
  const paths = globSync('**/*', { cwd: folder }).map((path) => join(folder, path));
  if (paths.length === 0) throw new Error(`there is nothing in ${folder}`);
  return paths.filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true).flatMap((path) => {
    const head = Buffer.alloc(MACHINE_OFFSET + 2);
    const file = openSync(path, 'r');
    const count = readSync(file, head, 0, head.length, 0);
    closeSync(file);
    return count === head.length && head.readUInt32BE(0) === ELF ? [{ path, machine: head.readUInt16LE(MACHINE_OFFSET) }] : [];
  });
}

async function pinned(containers: Containers): Promise<void> {
  const { Digest: digest } = await inspect(containers, baseImage);
  const values = { VERSION: '9.8.7', REVISION: '0123abc', CREATED: '2026-11-21T00:00:00Z', NODE_DIGEST: `@${digest}` };
  // Builders of Debian 12 take a layer with other labels for the same, unless they are told not to look.
  const args = ['--no-cache', ...Object.entries(values).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`])];
  const { Config: config } = await inspect(containers, await containers.build('orchestrator-chaincode-init', ...args));
  const expected = { title: 'orchestrator-chaincode-init', licenses: 'Apache-2.0', version: '9.8.7', revision: '0123abc', created: '2026-11-21T00:00:00Z', 'base.name': `${baseImage}@${digest}` };
  for (const [name, value] of Object.entries(expected)) {
    const found = config.Labels?.[`org.opencontainers.image.${name}`];
    if (found !== value) throw new Error(`the label ${name} is ${found} instead of ${value}`);
  }
  // A digest that no image has must not end in an image.
  const wrong = ['--build-arg', `NODE_DIGEST=@sha256:${'0'.repeat(64)}`];
  const refusal = await containers.build('orchestrator-chaincode-init', ...wrong).catch((error: unknown) => String(error));
  if (!refusal.includes('Error')) throw new Error('a base of another digest was taken');
}

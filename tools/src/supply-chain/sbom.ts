import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { deliveredReferences, repositoryRoot } from './lock.ts';

/** A software bill of materials in CycloneDX 1.5, as far as it is looked into here. */
export interface Sbom {
  readonly bomFormat: string;
  readonly specVersion: string;
  readonly metadata: { readonly component: SbomComponent };
  readonly components: readonly SbomComponent[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[];
}

export interface SbomComponent {
  readonly 'bom-ref': string;
  readonly name: string;
  readonly version: string;
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
  readonly licenses?: readonly unknown[];
}

const MAX_BYTES = 64 * 1024 * 1024;

/**
 * Lists what is delivered, from package-lock.json by npm itself. The same lock file gives the same bytes.
 *
 * npm's own `--omit dev` leaves out packages that one workspace delivers and another only tests with, so it lists
 * everything, and what only serves development is taken away here.
 *
 * @throws Error when npm fails.
 */
export async function createSbom(): Promise<Sbom> {
  const args = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'];
  const { stdout } = await promisify(execFile)('npm', args, { cwd: repositoryRoot, maxBuffer: MAX_BYTES });
  const { bomFormat, specVersion, metadata, components, dependencies } = JSON.parse(stdout) as Sbom;
  const delivered = deliveredReferences();
  const kept = components.filter((component) => delivered.has(component['bom-ref']));
  const refs = new Set([metadata.component['bom-ref'], ...kept.map((component) => component['bom-ref'])]);
  return {
    bomFormat,
    specVersion,
    // npm names it after the folder, and adds the time.
    metadata: { component: { ...metadata.component, name: rootName() } },
    components: kept,
    dependencies: dependencies
      .filter(({ ref }) => refs.has(ref))
      .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((other) => refs.has(other)) })),
  };
}

function rootName(): string {
  return (JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8')) as { readonly name: string }).name;
}

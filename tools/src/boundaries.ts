/** Reads what the packages of this repository import, for the tests that keep them apart. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** A folder with a package.json, as its files and the declarations beside them say. */
export interface WorkspacePackage {
  readonly name: string;
  /** Relative to the repository's root. */
  readonly folder: string;
  readonly dependencies: ReadonlySet<string>;
  readonly devDependencies: ReadonlySet<string>;
  /** Names of the packages that tsconfig.json refers to. */
  readonly references: ReadonlySet<string>;
  readonly files: readonly SourceFile[];
}

export interface SourceFile {
  /** Relative to the repository's root. */
  readonly path: string;
  readonly text: string;
  /** What it imports, as it is written. */
  readonly imports: readonly string[];
}

interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** All packages of the repository. */
export function workspacePackages(): readonly WorkspacePackage[] {
  const folders = globSync(['packages/*', 'apps/*', 'e2e', 'tools', 'bench'], { cwd: root });
  return folders
    .filter((folder) => existsSync(join(root, folder, 'package.json')))
    .toSorted()
    .map(readPackage);
}

function readPackage(folder: string): WorkspacePackage {
  const manifest = readJson<Manifest>(join(root, folder, 'package.json'));
  const files = globSync('src/**/*.ts', { cwd: join(root, folder) }).toSorted();
  return {
    name: manifest.name,
    folder,
    dependencies: new Set(Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies })),
    devDependencies: new Set(Object.keys(manifest.devDependencies ?? {})),
    references: new Set(referencesOf(folder)),
    files: files.map((file) => readSource(join(folder, file))),
  };
}

function referencesOf(folder: string): readonly string[] {
  const { references = [] } = readJson<{ readonly references?: readonly { readonly path: string }[] }>(
    join(root, folder, 'tsconfig.json'),
  );
  return references.map(({ path }) => readJson<Manifest>(join(root, folder, path, 'package.json')).name);
}

function readSource(path: string): SourceFile {
  const text = readFileSync(join(root, path), 'utf8');
  return { path, text, imports: importsOf(text) };
}

function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(path, 'utf8')) as T;
}

/** The module names in a file's imports and re-exports, dynamic ones included. */
export function importsOf(text: string): readonly string[] {
  const code = text.replaceAll(/^\s*(\/\/|\*|\/\*).*$/gm, '');
  const found = code.matchAll(/(?:^|[;}\s])(?:from|import)\s*\(?\s*(['"])([^'"\n]+)\1/gm);
  return [...new Set([...found].map((match) => match[2] ?? ''))];
}

/** The package of an imported module: `@scope/name` or `name`, `node:` for Node's own, undefined for a relative one. */
export function packageOf(module: string): string | undefined {
  if (module.startsWith('.')) return undefined;
  if (module.startsWith('node:')) return 'node:';
  return module.split('/', module.startsWith('@') ? 2 : 1).join('/');
}

/** Whether a file is part of the tests, which may use more than what is tested. */
export function isTest({ path }: SourceFile): boolean {
  return path.endsWith('.spec.ts') || path.includes('/spec-support') || path.includes('/src/testing/');
}

/** Whether a relative import stays inside its package. */
export function staysInside(file: SourceFile, { folder, module }: { readonly folder: string; readonly module: string }): boolean {
  return !relative(folder, join(dirname(file.path), module)).startsWith('..');
}

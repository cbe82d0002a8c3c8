import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { renderApiReference } from './api-reference.ts';
import { readContract } from './descriptors.ts';
import { renderLibReference } from './lib-reference.ts';

const folder = 'docs/reference';

/** The generated references as they should be: their texts by path below docs/reference. */
export function renderReferences(root: string): ReadonlyMap<string, string> {
  const contract = readContract(root);
  const pages = [...renderLibReference({ root, contract })];
  return new Map([['api.md', renderApiReference(contract)], ...pages.map(([name, text]) => [`lib/${name}`, text] as const)]);
}

/** Paths of the references that differ from what they should be, are missing, or should not be there. */
export function staleReferences(root: string, references: ReadonlyMap<string, string>): readonly string[] {
  const present = listFiles(join(root, folder));
  const names = new Set([...present, ...references.keys()]);
  return [...names]
    .filter((name) => !present.includes(name) || readFileSync(join(root, folder, name), 'utf8') !== references.get(name))
    .map((name) => `${folder}/${name}`)
    .toSorted();
}

/** Replaces docs/reference. */
export function writeReferences(root: string, references: ReadonlyMap<string, string>): void {
  rmSync(join(root, folder), { recursive: true, force: true });
  for (const [name, text] of references) {
    const path = join(root, folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}

function listFiles(directory: string): string[] {
  try {
    const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1));
  } catch {
    return [];
  }
}

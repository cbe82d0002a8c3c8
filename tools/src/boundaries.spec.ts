import { describe, expect, it } from 'vitest';
import { importsOf, isTest, packageOf, type SourceFile, staysInside, type WorkspacePackage, workspacePackages } from './boundaries.ts';

const packages = workspacePackages();
const ours = new Set(packages.map(({ name }) => name));

/** What each package may import of ours, outside of its tests and in them. A package that is not here may import nothing. */
const layers: Readonly<Record<string, { readonly code: readonly string[]; readonly tests: readonly string[] }>> = {
  '@orchestrator/lib': { code: [], tests: [] },
  '@orchestrator/testing': { code: ['@orchestrator/lib'], tests: [] },
  '@orchestrator/embedded-postgres': { code: [], tests: [] },
  '@orchestrator/tools': { code: ['@orchestrator/dev-ledger', '@orchestrator/embedded-postgres', '@orchestrator/lib'], tests: [] },
  '@orchestrator/bench': { code: ['@orchestrator/dev-ledger', '@orchestrator/lib', '@orchestrator/testing', '@orchestrator/tools'], tests: [] },
  '@orchestrator/e2e': { code: ['@orchestrator/lib'], tests: ['@orchestrator/tools'] },
  '@orchestrator/deploy': { code: ['@orchestrator/dev-ledger', '@orchestrator/tools'], tests: [] },
  '@orchestrator/dev-ledger': { code: [], tests: [] },
  '@orchestrator/chaincode': {
    code: ['@orchestrator/lib'],
    tests: ['@orchestrator/dev-ledger', '@orchestrator/testing', '@orchestrator/tools'],
  },
  '@orchestrator/chaincode-init': { code: [], tests: [] },
  '@orchestrator/server': {
    code: ['@orchestrator/embedded-postgres', '@orchestrator/lib'],
    tests: ['@orchestrator/dev-ledger', '@orchestrator/testing', '@orchestrator/tools'],
  },
};

/** All that the lib is built on: messages on the wire. */
const libMayUse = new Set(['@bufbuild/protobuf']);

/** Whatever depends on the moment, the machine or chance would differ between the endorsers of a transaction. */
const indeterminate = [
  { what: 'Date.now', pattern: /\bDate\.now\b/ },
  { what: 'new Date() without an argument', pattern: /\bnew Date\(\s*\)|\bnew Date\b(?!\s*\()|(?<!new )\bDate\(\s*\)/ },
  { what: 'Math.random', pattern: /\bMath\.random\b/ },
  { what: 'randomUUID', pattern: /\brandomUUID\b|\bgetRandomValues\b/ },
  { what: 'a locale', pattern: /\blocaleCompare\b|\btoLocale\w+\b|\bIntl\b/ },
];

/** What imports something that it may not: `file imports module`. */
function violations(
  { files }: Pick<WorkspacePackage, 'files'>,
  mayImport: (file: SourceFile, module: string) => boolean,
): readonly string[] {
  return files.flatMap((file) =>
    file.imports.filter((module) => !mayImport(file, module)).map((module) => `${file.path} imports ${module}`),
  );
}

function libFiles(): readonly SourceFile[] {
  const files = packages.filter(({ folder }) => folder === 'packages/lib' || folder === 'apps/chaincode').flatMap((one) => one.files);
  return files.filter((file) => !isTest(file) && !file.path.includes('/gen/'));
}

it('knows every package', () => {
  expect([...ours].toSorted()).toEqual(Object.keys(layers).toSorted());
});

it('finds imports of every form, and none in comments', () => {
  // In pieces, so that this file does not seem to import them.
  const [get, of] = ['import', 'from'];
  const lines = [
    `${get} 'a';`,
    `${get} b ${of} "b/c";`,
    `${get} type { d } ${of} 'd';`,
    `export * ${of} './e.ts';`,
    `const f = await ${get}('node:f');`,
    `// ${get} 'no';`,
    ` * ${of} 'no'`,
  ];
  expect(importsOf(lines.join('\n'))).toEqual(['a', 'b/c', 'd', './e.ts', 'node:f']);
  expect(['@s/p/x', 'p/x', 'node:fs', './x.ts'].map(packageOf)).toEqual(['@s/p', 'p', 'node:', undefined]);
});

describe.each(packages.map((one) => ({ ...one })))('$name', (one) => {
  it('imports only packages of ours that lie below it', () => {
    const { code = [], tests = [] } = layers[one.name] ?? {};
    const found = violations(one, (file, module) => {
      const name = packageOf(module);
      if (name === undefined || name === one.name || !ours.has(name)) return true;
      return code.includes(name) || (isTest(file) && tests.includes(name));
    });
    expect(found).toEqual([]);
  });

  it('declares what it imports', () => {
    const found = violations(one, (file, module) => {
      const name = packageOf(module);
      if (name === undefined || name === one.name || name === 'node:') return true;
      // The root brings the test runner to everybody.
      return one.dependencies.has(name) || (isTest(file) && (name === 'vitest' || one.devDependencies.has(name)));
    });
    expect(found).toEqual([]);
  });

  it('reaches into no other package by a path', () => {
    expect(violations(one, (file, module) => !module.startsWith('.') || staysInside(file, { folder: one.folder, module }))).toEqual([]);
  });

  it('is built after exactly the packages of ours that it imports', () => {
    const imported = new Set(one.files.flatMap(({ imports }) => imports.map((module) => packageOf(module) ?? '')));
    const needed = [...ours].filter((name) => name !== one.name && imported.has(name));
    expect([...one.references].toSorted()).toEqual(needed.toSorted());
  });
});

describe('the lib', () => {
  it('uses nothing but the wire format: no Node, no database, no network', () => {
    const files = libFiles().filter(({ path }) => path.startsWith('packages/lib/'));
    expect(files.length).toBeGreaterThan(20);
    expect(violations({ files }, (_, module) => libMayUse.has(packageOf(module) ?? '@bufbuild/protobuf'))).toEqual([]);
  });

  it.each(indeterminate)('never asks for $what', ({ pattern }) => {
    const found = libFiles().filter(({ text }) => pattern.test(text));
    expect(found.map(({ path }) => path)).toEqual([]);
  });

  it.each([
    ['Date.now', 'const t = Date.now();'],
    ['new Date() without an argument', 'const t = new Date();'],
    ['Math.random', 'return Math.random();'],
    ['randomUUID', 'crypto.randomUUID()'],
    ['a locale', 'a.localeCompare(b)'],
  ])('would be caught asking for %s', (name, code) => {
    expect(indeterminate.find(({ what }) => what === name)?.pattern.test(code)).toBe(true);
    expect(indeterminate.every(({ pattern }) => !pattern.test('new Date(instant)'))).toBe(true);
  });
});

import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readDocument, readDocuments, readScripts } from './documents.ts';
import { brokenLinks, unknownScripts, unknownVariables } from './links.ts';

const root = join(import.meta.dirname, '../../..');
const documents = readDocuments(root);

/** Every variable that the server's table of settings has, and those that only tests read. */
async function knownVariables(): Promise<ReadonlySet<string>> {
  // By a path that no compiler follows: the server's package is built after this one.
  const table = join(root, 'apps/orchestrator/src/config/settings.ts');
  const { settings } = (await import(table)) as { readonly settings: Readonly<Record<string, { readonly name: string }>> };
  const sources = globSync('{packages,apps}/*/src/**/*.ts', { cwd: root }).concat(globSync('{tools,e2e}/src/**/*.ts', { cwd: root }));
  const ofTests = sources
    .filter((path) => !path.includes('/docs/'))
    .flatMap((path) => readFileSync(join(root, path), 'utf8').match(/(?<=')ORCHESTRATOR_TEST_[A-Z_]+(?=')/g) ?? []);
  return new Set([...Object.values(settings).map(({ name }) => name), ...ofTests]);
}

it('finds the documentation', () => {
  const paths = documents.map(({ path }) => path);
  expect(paths).toEqual(expect.arrayContaining(['docs/configuration.md', 'docs/reference/api.md', 'docs/reference/lib/README.md']));
  expect(paths.filter((path) => path.includes('node_modules'))).toEqual([]);
});

describe.each(documents.map((document) => ({ ...document })))('$path', (document) => {
  it('has only links that lead somewhere', () => {
    expect(brokenLinks(root, document)).toEqual([]);
  });

  it('names only scripts that exist', () => {
    expect(unknownScripts(document.text, readScripts(root))).toEqual([]);
  });

  it('names only variables that exist', async () => {
    expect(unknownVariables(document.text, await knownVariables())).toEqual([]);
  });
});

describe('the check of links', () => {
  let folder: string;
  const files = {
    'docs/a.md': [
      '# One *two* `three_3`',
      '',
      '## Twice',
      '',
      '## Twice',
      '',
      '<a id="by-hand"></a>',
      '',
      '```md',
      '# In code',
      '```',
    ].join('\n'),
    'docs/folder/README.md': '# Inside\n',
    'docs/code.ts': 'const one = 1;\n',
    'outside.md': '',
  };

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'orchestrator-links-'));
    for (const [path, text] of Object.entries(files)) write(path, text);
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function write(path: string, text: string): void {
    const file = join(folder, 'repository', path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  function broken(link: string): readonly string[] {
    write('docs/b.md', `# Here\n\n| table |\n| --- |\n| [text](${link}) |\n`);
    return brokenLinks(join(folder, 'repository'), readDocument(join(folder, 'repository'), 'docs/b.md'));
  }

  it.each([
    'a.md',
    '../docs/a.md',
    'folder',
    'folder/',
    'folder/#inside',
    'a.md#one-two-three_3',
    'a.md#twice',
    'a.md#twice-1',
    'a.md#by-hand',
    '#here',
    'code.ts#L1',
    '../outside.md',
    'https://example.com/nowhere#at-all',
    'mailto:somebody@example.com',
  ])('follows %s', (link) => {
    expect(broken(link)).toEqual([]);
  });

  it.each([
    'c.md',
    'A.md',
    'folder/#outside',
    'folder/c.md',
    'a.md#three',
    'a.md#twice-2',
    'a.md#in-code',
    '#there',
    '#',
    'code.ts#L9',
    'code.ts#one',
    '/docs/a.md',
    '../../repository/docs/a.md',
    '../../other.md',
  ])('finds %s broken', (link) => {
    expect(broken(link)).toEqual([link]);
  });

  it.each(['![picture](no.png)', '<a href="no.md">x</a>', '<img src="no.png">', '- one\n  - [two][2]\n\n[2]: no.md'])(
    'looks into %s',
    (text) => {
      write('docs/c.md', text);
      const repository = join(folder, 'repository');
      expect(brokenLinks(repository, readDocument(repository, 'docs/c.md'))).toHaveLength(1);
    },
  );

  it('takes code for code', () => {
    write('docs/c.md', '`[a](no.md)`\n\n```\n[a](no.md)\n```\n');
    const repository = join(folder, 'repository');
    expect(brokenLinks(repository, readDocument(repository, 'docs/c.md'))).toEqual([]);
  });
});

describe('the check of scripts', () => {
  const scripts = new Map([
    ['.', new Set(['docs', 'test:extended'])],
    ['packages/one', new Set(['special'])],
    ['@orchestrator/one', new Set(['special'])],
  ]);

  it.each([
    'npm run docs',
    '`npm run docs -- --check`.',
    'npm run test:extended',
    'npm run special -w @orchestrator/one',
    'npm run -w packages/one special',
    '`npm run special` in packages/one',
    'npm run <script>',
  ])('knows %s', (text) => {
    expect(unknownScripts(text, scripts)).toEqual([]);
  });

  it.each(['npm run special', '`npm run special`', 'npm run --silent special', 'npm run special -w packages/two'])('finds %s', (text) => {
    expect(unknownScripts(`npm run docs && ${text}\npackages/one`, scripts)).toEqual(['special']);
  });
});

it('finds variables that do not exist', () => {
  const known = new Set(['ORCHESTRATOR_MODE']);
  const text = 'ORCHESTRATOR_MODE=standalone, `ORCHESTRATOR_`, ORCHESTRATOR_TLS_*, MY_ORCHESTRATOR_X, $ORCHESTRATOR_MODES and ORCHESTRATOR_MOD';
  expect(unknownVariables(text, known)).toEqual(['ORCHESTRATOR_MODES', 'ORCHESTRATOR_MOD']);
});

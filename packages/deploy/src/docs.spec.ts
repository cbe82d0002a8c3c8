import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { allBlocks, blocksOf, commandBlocks, commandsOf, fateOf, languages, pages, testsOfNpmTest } from './docs/blocks.ts';
import { root } from './paths.ts';

const blocks = allBlocks();

describe('the blocks of the pages', () => {
  it('are found, with the comment before them', () => {
    const page = 'text\n\n<!-- needs a cluster -->\n```sh\nx\ny\n```\n\n1. a\n\n   ```yaml\n   a:\n     b: 1\n   ```\n\n```\nplain\n```\n';
    expect(blocksOf('p.md', page)).toEqual([
      { page: 'p.md', line: 4, language: 'sh', mark: 'needs a cluster', text: 'x\ny' },
      { page: 'p.md', line: 11, language: 'yaml', mark: '', text: 'a:\n  b: 1' },
      { page: 'p.md', line: 16, language: '', mark: '', text: 'plain' },
    ]);
  });

  it('are those of all pages, as often as their fences say', () => {
    expect(pages()).toEqual(expect.arrayContaining(['README.md', 'charts/orchestrator/README.md', 'docs/operations/install.md', 'examples/kubernetes/README.md']));
    for (const page of pages()) {
      const fences = readFileSync(join(root, page), 'utf8').split('\n').filter((line) => /^\s*```/.test(line));
      expect(blocks.filter((block) => block.page === page).length * 2, page).toBe(fences.length);
    }
  });

  it('are of languages that are known here, and commands are marked as such', () => {
    expect(blocks.filter(({ language }) => !languages.has(language))).toEqual([]);
    const command = /^\s*(?:\$ |export |[A-Z_]+=\S+ \w|(?:npm|npx|sh|cd|docker|podman|kubectl|helm|kind|skaffold|grpcurl|evans|orchestrator|peer|rabbitmqctl|pg_\w+|curl|openssl|\.\/\S+) [a-z-])/m;
    // A start-up line begins like a command.
    const text = (block: { readonly text: string }): string => block.text.replaceAll(/^orchestrator \d.*$/gm, '');
    expect(blocks.filter((block) => ['', 'text'].includes(block.language) && command.test(text(block))).map(({ page, line }) => `${page}:${line}`)).toEqual([]);
  });

  it('show YAML that can be read', () => {
    for (const { text, language } of blocks) if (language === 'yaml') expect(parse(text), text).toBeTypeOf('object');
  });
});

describe('the commands', () => {
  const commands = commandBlocks();

  it('are run by a test, or marked with what they need', () => {
    expect(commands.length).toBeGreaterThan(50);
    for (const block of commands) expect(() => fateOf(block)).not.toThrow();
    expect(() => fateOf({ page: 'p.md', line: 1, mark: 'needs luck' })).toThrow('p.md:1');
  });

  it('that are tests of npm test are nothing else, and find files', () => {
    const marked = commands.filter(({ mark }) => mark === testsOfNpmTest);
    expect(marked.length).toBeGreaterThan(1);
    for (const { page, text } of marked) {
      const filters = /^(?:npx vitest run|npm test)((?: [\w./-]+)*)$/.exec(commandsOf({ text }).trim())?.[1];
      expect(filters, `${page}: ${text}`).toBeDefined();
      const empty = (filters ?? '').split(' ').filter((filter) => filter !== '' && globSync([`${filter}/**/*.spec.ts`, filter], { cwd: root }).length === 0);
      expect(empty, page).toEqual([]);
    }
  });

  it('name charts, values, manifests and scripts that are there', () => {
    const named = commands.flatMap(({ text }) => text.match(/(?<![\w/.-])(?:charts|examples|docker)\/[\w./-]+/g) ?? []);
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((path) => globSync(path.replace(/\/$/, ''), { cwd: root }).length === 0)).toEqual([]);
  });
});

import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { codeBlocks } from '@orchestrator/tools';
import { parse } from 'yaml';
import { root } from './paths.ts';

const pages = [...globSync('docs/operations/**/*.md', { cwd: root }), 'charts/orchestrator/README.md', 'examples/kubernetes/README.md'];

describe.each(pages)('%s', (page) => {
  const blocks = codeBlocks(readFileSync(join(root, page), 'utf8'));

  it('says of each command what it needs', () => {
    const unmarked = blocks.filter(({ language, mark }) => language === 'sh' && !/^<!-- needs (a cluster|an engine|RabbitMQ|PostgreSQL's programs|a stopped server) -->$/.test(mark));
    expect(unmarked.map(({ text }) => text)).toEqual([]);
  });

  it('shows YAML that can be read', () => {
    for (const { text } of blocks.filter(({ language }) => language === 'yaml')) expect(parse(text), text).toBeTypeOf('object');
  });
});

describe('the commands of these pages', () => {
  const commands = pages.flatMap((page) => codeBlocks(readFileSync(join(root, page), 'utf8')).filter(({ language }) => language === 'sh').map(({ text }) => text));

  it('name charts, values, manifests and scripts that are there', () => {
    const named = commands.flatMap((text) => text.match(/\b(?:charts|examples|docker)\/[\w./-]+/g) ?? []);
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((path) => globSync(path.replace(/\/$/, ''), { cwd: root }).length === 0)).toEqual([]);
  });

  it('are found', () => {
    expect(codeBlocks('text\n\n<!-- a -->\n```sh\nx\ny\n```\n')).toEqual([{ language: 'sh', mark: '<!-- a -->', text: 'x\ny' }]);
  });
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { procedures } from '@orchestrator/lib';
import { readContract } from './descriptors.ts';
import { proseOf, table } from './markdown.ts';
import { renderReferences, staleReferences, writeReferences } from './reference.ts';

const root = join(import.meta.dirname, '../../..');

describe('the references', () => {
  let references: ReadonlyMap<string, string>;
  let folder: string;

  beforeAll(() => {
    references = renderReferences(root);
    folder = mkdtempSync(join(tmpdir(), 'orchestrator-docs-'));
  }, 120_000);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('are what the sources make of them', () => {
    expect(staleReferences(root, references), 'run `npm run docs`').toEqual([]);
  });

  it('tell nothing of the machine that made them', () => {
    for (const text of references.values()) {
      expect(text).not.toContain(root);
      expect(text).not.toContain(tmpdir());
    }
  });

  it('describe every procedure, message, field, enum and value', () => {
    const api = references.get('api.md') ?? '';
    for (const { service, method } of procedures) expect(api).toContain(`#### ${service}.${method}\n`);
    const contract = readContract(root);
    for (const { name, fields } of contract.flatMap(({ messages }) => messages)) {
      const section = sectionOf(api, name);
      for (const field of fields) expect(section).toContain(`| \`${field.name}\` | ${field.number} | `);
    }
    for (const { name, values } of contract.flatMap(({ enums }) => enums)) {
      const section = sectionOf(api, name);
      for (const value of values) expect(section).toContain(`| \`${value.name}\` | ${value.number} | `);
    }
  });

  it('say what the sources say', () => {
    const sections = sectionOf(references.get('api.md') ?? '', 'ComputeTask');
    expect(sections).toContain('One run of a function, at one organization.');
    expect(sections).toContain('| map of `string` to [ComputeTaskOutput](#computetaskoutput) |');
    expect(references.get('lib/dbal.md')).toContain('### ComputeTaskDbal');
    expect(references.get('lib/services.md')).toContain('### ComputeTaskService');
  });

  it('are stale when a page is missing, differs or is one too many', () => {
    writeReferences(folder, references);
    expect(staleReferences(folder, references)).toEqual([]);
    rmSync(join(folder, 'docs/reference/lib/dbal.md'));
    writeFileSync(join(folder, 'docs/reference/api.md'), `${references.get('api.md') ?? ''} `);
    writeFileSync(join(folder, 'docs/reference/lib/old.md'), '');
    expect(staleReferences(folder, references)).toEqual(['docs/reference/api.md', 'docs/reference/lib/dbal.md', 'docs/reference/lib/old.md']);
    writeReferences(folder, references);
    expect(staleReferences(folder, references)).toEqual([]);
  });
});

/** From the heading of a message or enum to the next one. */
function sectionOf(api: string, name: string): string {
  const [, section = ''] = api.split(`\n### ${name}\n`);
  return section.split('\n### ', 1)[0] ?? '';
}

describe('comments as Markdown', () => {
  it('means no markup by what is none', () => {
    expect(proseOf('a_b <c> *d* `e_f <g>`')).toBe(String.raw`a\_b \<c> \*d\* ` + '`e_f <g>`');
  });

  it('keeps the columns of what is set in', () => {
    expect(proseOf('Codes:\n  A  one\n  BB two\nMore.')).toBe('Codes:\n\n```text\nA  one\nBB two\n```\n\nMore.');
  });

  it('keeps a cell in its cell', () => {
    expect(table(['a', 'b'], [['1|2', '3\n4']])).toBe('| a | b |\n| --- | --- |\n| 1\\|2 | 3 4 |');
  });
});

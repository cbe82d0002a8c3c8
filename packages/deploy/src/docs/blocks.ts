import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CodeBlock, codeBlocks } from '@orchestrator/tools';
import { root } from '../paths.ts';

/** Who runs a block of commands, or that nobody can. */
export type Fate = 'npm test' | 'npm run test:deploy' | 'nobody';

/** A fenced block of a page. */
export interface Block extends CodeBlock {
  readonly page: string;
}

/** The languages of blocks; commands are `sh` and nothing else, so that none is overlooked. */
export const languages: ReadonlySet<string> = new Set(['', 'json', 'mermaid', 'promql', 'proto', 'sh', 'sql', 'text', 'ts', 'yaml']);

/** What `<!-- needs … -->` may name: what neither `npm test` nor `npm run test:deploy` can have. */
export const needs: ReadonlySet<string> = new Set([
  'a cluster',
  'an engine',
  'an idle machine',
  'Evans',
  "Fabric's programs",
  'the asset that this page adds',
  'the package that this page makes',
]);

/** Blocks of `npx vitest run FILES` with this mark are told apart, since `npm test` runs those tests anyhow. */
export const testsOfNpmTest = 'tests of npm test';

const deployMark = 'run by npm run test:deploy';

/** `apps/orchestrator/src/standalone/backup.spec.ts` takes its commands from the page. */
const serverMark = "run by the server's tests";

/** All pages of the repository that somebody wrote. */
export function pages(): readonly string[] {
  const patterns = ['*.md', '{bench,charts,docker,docs,e2e,examples,tools}/**/*.md', '{apps,packages}/*/*.md'];
  // The head of the chart's README is in that README.
  return globSync(patterns, { cwd: root, exclude: (path) => path.includes('node_modules') || path.endsWith('chart-readme-head.md') }).toSorted();
}

/** The blocks of a page, in their order. */
export function blocksOf(page: string, markdown: string): readonly Block[] {
  return codeBlocks(markdown).map((block) => ({ page, ...block }));
}

/** All blocks of all pages. */
export function allBlocks(): readonly Block[] {
  return pages().flatMap((page) => blocksOf(page, readFileSync(join(root, page), 'utf8')));
}

/** All blocks of commands. */
export function commandBlocks(): readonly Block[] {
  return allBlocks().filter(({ language }) => language === 'sh');
}

/** @throws Error for a mark that says nothing of the kind. */
export function fateOf({ mark, page, line }: Pick<Block, 'mark' | 'page' | 'line'>): Fate {
  if (mark === '') return 'npm test';
  if (mark === deployMark) return 'npm run test:deploy';
  if (mark === testsOfNpmTest || mark === serverMark || needs.has(mark.replace(/^needs /, ''))) return 'nobody';
  throw new Error(`${page}:${line}: "${mark}" says neither who runs these commands nor what they need`);
}

/** What of a block is run: the same commands on two pages are the same block, whatever their comments say. */
export function commandsOf({ text }: Pick<Block, 'text'>): string {
  return text.split('\n').map((line) => line.replace(/\s+#.*$/, '').trimEnd()).join('\n');
}

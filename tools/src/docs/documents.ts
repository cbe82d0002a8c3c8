import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import GithubSlugger from 'github-slugger';
import { marked } from 'marked';
import type { Token } from 'marked';

/** A Markdown file, as far as other files and its reader's commands depend on it. */
export interface Document {
  /** Relative to the repository's root. */
  readonly path: string;
  readonly text: string;
  /** The targets of its links and images, as written. */
  readonly links: readonly string[];
  /** What a link into it may name behind `#`. */
  readonly anchors: ReadonlySet<string>;
}

/** README.md and everything below docs/ in the repository at `root`. */
export function readDocuments(root: string): readonly Document[] {
  const paths = globSync(['README.md', 'docs/**/*.md'], { cwd: root, exclude: (name) => name.includes('node_modules') });
  return paths.toSorted().map((path) => readDocument(root, path));
}

/** Reads one Markdown file; `path` is relative to `root`. */
export function readDocument(root: string, path: string): Document {
  const text = readFileSync(join(root, path), 'utf8');
  const links: string[] = [];
  const anchors = new Set<string>();
  const slugger = new GithubSlugger();
  void marked.walkTokens(marked.lexer(text), (token) => {
    if (token.type === 'heading') anchors.add(slugger.slug(plainText(token.tokens ?? [])));
    if (isLink(token)) links.push(token.href);
    if (token.type === 'html') {
      for (const [, name, value = ''] of token.raw.matchAll(/\b(href|src|id|name)="([^"]*)"/g)) {
        if (name === 'href' || name === 'src') links.push(value);
        else anchors.add(value);
      }
    }
  });
  return { path, text, links, anchors };
}

function isLink(token: Token): token is Token & { readonly href: string } {
  return token.type === 'link' || token.type === 'image';
}

/** What is read of inline Markdown. */
function plainText(tokens: readonly Token[]): string {
  return tokens
    .map((token) => {
      if (token.type === 'html') return '';
      if ('tokens' in token && token.tokens !== undefined) return plainText(token.tokens);
      return 'text' in token ? String(token.text) : '';
    })
    .join('');
}

/** The scripts of the packages of the repository, by folder and by name of the package; those of the root by `.`. */
export function readScripts(root: string): ReadonlyMap<string, ReadonlySet<string>> {
  const { workspaces = [] } = readManifest(root, '.');
  const folders = globSync([...workspaces], { cwd: root }).filter((folder) => existsSync(join(root, folder, 'package.json')));
  const scripts = new Map<string, ReadonlySet<string>>();
  for (const folder of ['.', ...folders]) {
    const { name, scripts: own = {} } = readManifest(root, folder);
    for (const key of [folder, name]) scripts.set(key, new Set(Object.keys(own)));
  }
  return scripts;
}

interface Manifest {
  readonly name: string;
  readonly workspaces?: readonly string[];
  readonly scripts?: Readonly<Record<string, string>>;
}

function readManifest(root: string, folder: string): Manifest {
  return JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Manifest;
}

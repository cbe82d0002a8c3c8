import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Document, readDocument } from './documents.ts';

/**
 * The links of a document that lead nowhere: to a file that does not exist, out of the repository, or to an anchor
 * that the file does not have. Addresses with a scheme are not followed.
 */
export function brokenLinks(root: string, document: Document): readonly string[] {
  return document.links.filter((link) => !leadsSomewhere(root, document, link));
}

function leadsSomewhere(root: string, document: Document, link: string): boolean {
  if (/^[a-z][a-z+.-]*:/i.test(link)) return true;
  const [file = '', anchor] = decodeURIComponent(link).split('#');
  if (file === '') return anchor !== undefined && document.anchors.has(anchor);
  const target = join(dirname(document.path), file);
  if (file.startsWith('/') || target.startsWith('..') || !existsSync(join(root, target))) return false;
  return anchor === undefined || hasAnchor(root, target, anchor);
}

function hasAnchor(root: string, target: string, anchor: string): boolean {
  if (statSync(join(root, target)).isDirectory()) {
    const readme = join(target, 'README.md');
    return existsSync(join(root, readme)) && hasAnchor(root, readme, anchor);
  }
  if (target.endsWith('.md')) return readDocument(root, target).anchors.has(anchor);
  // A line of a source file.
  const line = /^L(\d+)$/.exec(anchor)?.[1];
  return line !== undefined && Number(line) <= readFileSync(join(root, target), 'utf8').split('\n').length;
}

/**
 * The scripts that a text tells the reader to run with `npm run` and that do not exist: neither in the root nor in a
 * package that is named on the same line.
 *
 * @param scripts as `readScripts` finds them.
 */
export function unknownScripts(text: string, scripts: ReadonlyMap<string, ReadonlySet<string>>): readonly string[] {
  return text.split('\n').flatMap((line) => {
    const named = [...scripts].filter(([name]) => name === '.' || line.includes(name));
    const mentioned = [...line.matchAll(/\bnpm run(?:\s+(?:-w\s+\S+|-\S+))*\s+([a-z][\w:-]*)/g)].map(([, script = '']) => script);
    return mentioned.filter((script) => !named.some(([, known]) => known.has(script)));
  });
}

/** The environment variables of ours that a text names and that are not `known`. */
export function unknownVariables(text: string, known: ReadonlySet<string>): readonly string[] {
  const names = text.match(/\bORCHESTRATOR_[A-Z0-9]+(?:_[A-Z0-9]+)*\b/g) ?? [];
  return names.filter((name) => !known.has(name));
}

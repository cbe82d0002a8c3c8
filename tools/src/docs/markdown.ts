import GithubSlugger from 'github-slugger';

/** The anchor of the first heading of that text, as GitHub makes it. */
export function anchorOf(heading: string): string {
  return new GithubSlugger().slug(heading);
}

/** A table; its cells are Markdown of one paragraph. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map(tableRow).join('\n');
}

function tableRow(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
}

/** Blocks with an empty line between them; empty ones are left out. */
export function blocks(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('\n\n');
}

/**
 * A comment of plain text as Markdown: angle brackets and asterisks mean themselves outside of code, and lines that
 * are set in (tables drawn with blanks) keep their columns.
 */
export function proseOf(comment: string): string {
  const paragraphs: string[] = [];
  let isCode = false;
  for (const line of comment.split('\n')) {
    const isSetIn = /^ {2,}\S/.test(line);
    if (isSetIn !== isCode) paragraphs.push(isSetIn ? '\n```text' : '```\n');
    isCode = isSetIn;
    paragraphs.push(isSetIn ? line.trimStart() : escapeProse(line));
  }
  if (isCode) paragraphs.push('```');
  return paragraphs.join('\n');
}

function escapeProse(line: string): string {
  return line
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith('`') ? part : part.replaceAll(/[<*_]/g, String.raw`\$&`)))
    .join('');
}

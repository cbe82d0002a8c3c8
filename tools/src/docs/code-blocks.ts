/** A fenced block of a page. */
export interface CodeBlock {
  /** Of its first fence. */
  readonly line: number;
  /** What follows the fence; '' without it. */
  readonly language: string;
  readonly text: string;
  /** What a comment on the line before it says; '' without one. */
  readonly mark: string;
}

/** The blocks of a page in their order, those in lists without the list's indent. */
export function codeBlocks(markdown: string): readonly CodeBlock[] {
  const found = markdown.matchAll(/^([ ]*)```([\w-]*)[^\n]*\n([\s\S]*?)^[ ]*```$/gm);
  return [...found].map(({ index, 1: indent = '', 2: language = '', 3: text = '' }) => {
    const before = markdown.slice(0, index).split('\n');
    const mark = /^<!-- (.*) -->$/.exec(before.at(-2)?.trim() ?? '')?.[1] ?? '';
    return { line: before.length, language, text: text.replaceAll(new RegExp(`^${indent}`, 'gm'), '').trimEnd(), mark };
  });
}

/** A block of code in a page. */
export interface CodeBlock {
  readonly language: string;
  readonly text: string;
  /** The line before it. */
  readonly mark: string;
}

/** The blocks of code of a page in their order, those in lists without the list's indent. */
export function codeBlocks(markdown: string): readonly CodeBlock[] {
  const found = markdown.matchAll(/(?:^|\n)([^\n]*)\n([ ]*)```(\w+)\n([\s\S]*?)\n[ ]*```/g);
  return [...found].map(([, mark = '', indent = '', language = '', text = '']) => ({
    language,
    mark: mark.trim(),
    text: text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  }));
}

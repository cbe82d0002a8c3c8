import { isMap, isScalar, parseDocument } from 'yaml';
import type { Pair, YAMLMap } from 'yaml';

interface Row {
  readonly path: string;
  readonly value: string;
  readonly description: string;
}

/**
 * The chart's README: its fixed text, and a table of the values made from values.yaml. A value's description is the
 * comment above it that begins with `--`; maps without one are told by their entries.
 *
 * @param head what comes before the table.
 * @param values the text of values.yaml.
 */
export function renderChartReadme(head: string, values: string): string {
  const document = parseDocument(values);
  const rows = isMap(document.contents) ? rowsOf(document.contents, '', document.commentBefore ?? undefined) : [];
  const lines = rows.map(({ path, value, description }) => `| \`${path}\` | \`${value.replaceAll('|', '\\|')}\` | ${description.replaceAll('|', '\\|')} |`);
  return `${head.trimEnd()}\n\n## Values\n\n| value | default | meaning |\n| --- | --- | --- |\n${lines.join('\n')}\n`;
}

function rowsOf(map: YAMLMap, prefix: string, first?: string): readonly Row[] {
  return map.items.flatMap((pair, index) => {
    const path = `${prefix}${keyOf(pair)}`;
    // The comment above a map's first entry belongs to the map in the library's view.
    const description = describe(commentOf(pair) ?? (index === 0 ? (map.commentBefore ?? first) : undefined));
    if (isMap(pair.value) && pair.value.items.length > 0 && description === '') return rowsOf(pair.value, `${path}.`);
    return [{ path, value: JSON.stringify(toJs(pair.value)), description }];
  });
}

function keyOf({ key }: Pair): string {
  return isScalar(key) ? String(key.value) : String(key);
}

function commentOf({ key }: Pair): string | undefined {
  return isScalar(key) ? (key.commentBefore ?? undefined) : undefined;
}

function describe(comment: string | undefined): string {
  const text = (comment ?? '').split('\n').map((line) => line.trim()).join(' ');
  return text.startsWith('-- ') ? text.slice(3) : '';
}

function toJs(value: unknown): unknown {
  if (isMap(value)) return Object.fromEntries(value.items.map((pair) => [keyOf(pair), toJs(pair.value)]));
  if (isScalar(value)) return value.value;
  return value !== null && typeof value === 'object' && 'toJSON' in value && typeof value.toJSON === 'function' ? (value.toJSON as () => unknown)() : value;
}

/** Texts that stores like to mix up, drop or refuse. */
export const ODD_TEXTS: readonly string[] = [
  '__proto__',
  'constructor',
  'toString',
  '',
  ' ',
  'it\'s; -- "quoted" \\ $1 {a,b}',
  'line\nbreak\ttab',
  'é',
  'e\u0301',
  'ｆｕｌｌ',
  '\u{1f9ea}',
  '\u{10ffff}',
  '\uffff',
  'null',
];

/** `ODD_TEXTS` as the names and the values of a map. */
export function oddMap(): Map<string, string> {
  return new Map(ODD_TEXTS.map((text, index) => [text, ODD_TEXTS.at(-1 - index) ?? '']));
}

/** Texts that stand for no key, some of them much like `key`. */
export function malformedKeys(key: string): string[] {
  const texts = [
    '',
    'x',
    '\0',
    `${key}\0`,
    key.toUpperCase(),
    key.replaceAll('-', ''),
    `{${key}}`,
    `urn:uuid:${key}`,
    ` ${key}`,
    `${key}\n`,
    key.slice(1),
    'k'.repeat(100_000),
    '\u{1f9ea}',
    '__proto__',
  ];
  return texts.filter((text) => text !== key);
}

/** Bytes as text. */
export function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}

/** Arguments as one argument: a list in JSON. */
export function list(...values: readonly string[]): string {
  return JSON.stringify(values);
}

/** What a scan gave: keys and values. */
export function rows(bytes: Uint8Array): readonly (readonly string[])[] {
  return JSON.parse(text(bytes)) as string[][];
}

const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ['ns', 1e-6],
  ['us', 1e-3],
  ['µs', 1e-3],
  ['μs', 1e-3],
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
]);

const PART = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/gy;

/**
 * Reads a duration in Go's syntax, as `500ms`, `1m30s` or `1.5h`.
 *
 * @returns milliseconds, or undefined when the text is no duration. A bare number is none, but for `0`.
 */
export function parseDurationMs(text: string): number | undefined {
  const negative = text.startsWith('-');
  const unsigned = text.replace(/^[+-]/, '');
  if (unsigned === '0') return 0;
  let totalMs = 0;
  let end = 0;
  for (const [part, amount, unit] of unsigned.matchAll(PART)) {
    totalMs += Number(amount) * (UNIT_MS.get(unit ?? '') ?? Number.NaN);
    end += part.length;
  }
  if (end === 0 || end !== unsigned.length) return undefined;
  return negative ? -totalMs : totalMs;
}

/** Writes whole milliseconds in Go's syntax, with the largest units first and none that is zero: `1m30s`. */
export function formatDurationMs(durationMs: number): string {
  if (durationMs === 0) return '0s';
  let restMs = durationMs;
  let text = '';
  for (const unit of ['h', 'm', 's', 'ms']) {
    const unitMs = UNIT_MS.get(unit) ?? 1;
    const count = Math.floor(restMs / unitMs);
    if (count > 0) text += `${count}${unit}`;
    restMs -= count * unitMs;
  }
  return text;
}

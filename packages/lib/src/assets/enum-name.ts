/** The name of an enum's value as the contract writes it; the number as text for one that has no name. */
export function enumName(values: Readonly<Record<string, number>>, value: number): string {
  return Object.entries(values).find(([, number]) => number === value)?.[0] ?? String(value);
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A value of JSON. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** What a network answered to a probe. */
export interface ProbeRecord {
  /** What was done. */
  readonly what: string;
  readonly section: string;
  readonly outcome: Json;
}

/** Two values that should be equal. */
export interface Difference {
  /** Names and indexes that lead to it, joined by dots; empty for the whole. */
  readonly path: string;
  readonly expected: Json | undefined;
  readonly actual: Json | undefined;
}

/** Stands in golden.json where two runs of one network differed: any value is as good. */
const unstable = '<unstable>';

/** What a network of Fabric v2.5.16 answered to each probe, by its id. */
export function readGolden(): ReadonlyMap<string, ProbeRecord> {
  const text = readFileSync(join(import.meta.dirname, 'golden.json'), 'utf8');
  // The protobuf library of Go writes either space, by chance of its build; see normalise.ts.
  const { probes } = JSON.parse(text.replaceAll('\u00a0', ' ')) as { readonly probes: Readonly<Record<string, ProbeRecord>> };
  return new Map(Object.entries(probes));
}

/** Where two outcomes differ, the most deeply nested values only. */
export function differencesOf(expected: Json | undefined, actual: Json | undefined, path = ''): readonly Difference[] {
  if (expected === unstable) return [];
  if (isList(expected) && isList(actual) && expected.length === actual.length) {
    return expected.flatMap((value, index) => differencesOf(value, actual[index], below(path, String(index))));
  }
  if (isRecord(expected) && isRecord(actual)) {
    const names = new Set([...Object.keys(expected), ...Object.keys(actual)]);
    return [...names].flatMap((name) => differencesOf(expected[name], actual[name], below(path, name)));
  }
  return JSON.stringify(expected) === JSON.stringify(actual) ? [] : [{ path, expected, actual }];
}

function below(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

function isRecord(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

import { isUuid, type MessageCodec, Stored } from '@orchestrator/lib';
import { uuidArray } from '../sql/arrays.ts';
import type { PostgresScope, Statement } from '../sql/executor.ts';

/** The distinct ones of `keys` that can be keys of assets; the others exist nowhere and stay out of the database. */
export function distinctUuids(keys: readonly string[]): readonly string[] {
  return [...new Set(keys)].filter(isUuid);
}

/** What a statement by keys is made of. */
export interface KeyedQuery<T> {
  /** Returns key and message; `$1` is the channel's id, `$2` a `uuid[]`. */
  readonly statement: Statement;
  readonly codec: MessageCodec<T>;
  readonly keys: readonly string[];
}

/** The stored messages of those keys that exist, by key, in one statement whatever their number. */
export async function queryByKeys<T>(scope: PostgresScope, query: KeyedQuery<T>): Promise<ReadonlyMap<string, Stored<T>>> {
  const keys = distinctUuids(query.keys);
  if (keys.length === 0) return new Map();
  const rows = await scope.sql.query(query.statement, [scope.channelId, uuidArray(keys)]);
  return new Map(rows.map(([key, bytes]) => [key as string, new Stored(query.codec, bytes as Uint8Array)]));
}

/** Each key once with its last asset: an UPDATE that joins a row twice takes either. */
export function lastByKey<T extends { readonly key: string }>(assets: readonly T[]): readonly T[] {
  return [...new Map(assets.map((asset) => [asset.key, asset])).values()];
}

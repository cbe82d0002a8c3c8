import { type MessageCodec, Stored, type Timestamp, creationInstant } from '@orchestrator/lib';
import type { Row } from './table.ts';

interface KeyedAsset {
  readonly key: string;
  readonly creationDate?: Timestamp | undefined;
}

/** The row of an asset that is known by its key and listed by creation date then key. */
export function assetRow<T extends KeyedAsset>(codec: MessageCodec<T>, asset: T): Row<T> {
  const rank = { instant: creationInstant(asset), texts: [asset.key] };
  return { id: asset.key, rank, stored: Stored.of(codec, asset) };
}

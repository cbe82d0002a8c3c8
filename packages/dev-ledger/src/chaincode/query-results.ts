import { randomUUID } from 'node:crypto';
import { ledger, peer } from '@hyperledger/fabric-protos';
import timestamps from 'google-protobuf/google/protobuf/timestamp_pb.js';
import type { HistoryEntry } from '../state/history.ts';
import type { ResultIterator } from '../state/simulator.ts';
import type { StateEntry } from '../state/state-db.ts';

const { KV, KeyModification } = ledger.queryresult;

/** The records of one message. */
const BATCH = 100;
/** More records than this are cut off without a word. */
const TOTAL_LIMIT = 100_000;

interface Query {
  readonly id: string;
  /** The next record, serialized. */
  readonly next: () => Uint8Array | undefined;
  readonly bookmark: () => string;
  readonly limit: number;
  readonly paginated: boolean;
  pending: Uint8Array[];
  total: number;
}

/** The open queries of a transaction: what was fetched of each and not yet given to the chaincode. */
export class OpenQueries {
  readonly #queries = new Map<string, Query>();

  /** Opens a query and gives its first records, a serialized peer.QueryResponse. */
  open(next: () => Uint8Array | undefined, page?: { readonly bookmark: () => string; readonly size: number }): Uint8Array {
    const limit = page !== undefined && page.size > 0 ? Math.min(page.size, TOTAL_LIMIT) : TOTAL_LIMIT;
    const query: Query = {
      id: randomUUID(),
      next,
      bookmark: page?.bookmark ?? (() => ''),
      limit,
      paginated: page !== undefined,
      pending: [],
      total: 0,
    };
    this.#queries.set(query.id, query);
    return this.#fetch(query);
  }

  /** @throws Error in Fabric's words for a query that is not open. */
  next(id: string): Uint8Array {
    const query = this.#queries.get(id);
    if (query === undefined) throw new Error('query iterator not found');
    return this.#fetch(query);
  }

  close(id: string): Uint8Array {
    this.#queries.delete(id);
    return response(id, [], false).serializeBinary();
  }

  /** Fetches one record more than a message holds: this is why a scan is protected beyond what the chaincode has seen. */
  #fetch(query: Query): Uint8Array {
    while (query.total < query.limit) {
      const record = query.next();
      if (record === undefined) break;
      query.total += 1;
      if (!query.paginated && query.pending.length === BATCH) {
        const batch = query.pending;
        query.pending = [record];
        return response(query.id, batch, true).serializeBinary();
      }
      query.pending.push(record);
    }
    this.#queries.delete(query.id);
    const last = response(query.id, query.pending, false);
    if (query.paginated) last.setMetadata(pageMetadata(query.total, query.bookmark()));
    return last.serializeBinary();
  }
}

function response(id: string, records: readonly Uint8Array[], hasMore: boolean): peer.QueryResponse {
  const message = new peer.QueryResponse();
  message.setId(id);
  message.setHasMore(hasMore);
  message.setResultsList(
    records.map((bytes) => {
      const result = new peer.QueryResultBytes();
      result.setResultbytes(bytes);
      return result;
    }),
  );
  return message;
}

function pageMetadata(count: number, bookmark: string): Uint8Array {
  const metadata = new peer.QueryResponseMetadata();
  metadata.setFetchedRecordsCount(count);
  metadata.setBookmark(bookmark);
  return metadata.serializeBinary();
}

/** A walk over state entries as queryresult.KV. */
export function records(namespace: string, entries: ResultIterator<StateEntry>): () => Uint8Array | undefined {
  return () => {
    const entry = entries.next();
    if (entry === undefined) return undefined;
    const record = new KV();
    record.setNamespace(namespace);
    record.setKey(entry.key);
    record.setValue(entry.value);
    return record.serializeBinary();
  };
}

/** A walk over a key's past as queryresult.KeyModification. */
export function modifications(entries: ResultIterator<HistoryEntry>): () => Uint8Array | undefined {
  return () => {
    const entry = entries.next();
    if (entry === undefined) return undefined;
    const record = new KeyModification();
    record.setTxId(entry.transactionId);
    if (entry.value === undefined) record.setIsDelete(true);
    else record.setValue(entry.value);
    if (entry.timestamp !== undefined) {
      const timestamp = new timestamps.Timestamp();
      timestamp.setSeconds(entry.timestamp.seconds);
      timestamp.setNanos(entry.timestamp.nanos);
      record.setTimestamp(timestamp);
    }
    return record.serializeBinary();
  };
}

import {
  compareRanks,
  creationInstant,
  type Encoded,
  formatRank,
  isUuid,
  type Page,
  type PageRequest,
  parseRank,
  Performance,
  type PerformanceDbal,
  type PerformanceFilter,
  type Rank,
} from '@orchestrator/lib';
import { AssetStore } from './asset-store.ts';
import { groupByInstant, scanIndex, scanRanks } from './index-scan.ts';
import { encodePart, indexPrefix } from './keys.ts';
import type { LedgerTransaction } from './ledger-transaction.ts';
import { type Candidate, cutPage, EMPTY_PAGE } from './page.ts';
import { appendTaskItem, taskPrefix } from './task-indexes.ts';

const CREATED = indexPrefix('created', 'performance');
/** Task key and output identifier. */
const TEXT_COUNT = 2;

export class LedgerPerformanceDbal implements PerformanceDbal {
  readonly #transaction: LedgerTransaction;
  readonly #store: AssetStore<Performance>;

  constructor(transaction: LedgerTransaction) {
    this.#transaction = transaction;
    this.#store = new AssetStore(transaction, { kind: 'performance', message: 'Performance', codec: Performance });
  }

  addPerformance(performance: Performance): void {
    const { computeTaskKey, computeTaskOutputIdentifier } = performance;
    const parts = [computeTaskKey, requirePart(computeTaskOutputIdentifier)];
    // Its date is the transaction's own, by which the indexes are ordered.
    if (creationInstant(performance) !== this.#transaction.instant) throw new Error('a performance of another time');
    this.#transaction.later(async () => {
      await this.#store.add(parts, performance);
      this.#transaction.append(CREATED, [JSON.stringify([computeTaskKey, computeTaskOutputIdentifier])]);
      appendTaskItem(this.#transaction, computeTaskKey, { performance: computeTaskOutputIdentifier });
    });
  }

  async queryPerformances(filter: PerformanceFilter, page: PageRequest): Promise<Page<Performance>> {
    const { computeTaskKey, computeTaskOutputIdentifier: identifier } = filter;
    const after = parseRank(page.after, TEXT_COUNT);
    if (computeTaskKey !== undefined && !isUuid(computeTaskKey)) return EMPTY_PAGE;
    await this.#transaction.settled();
    const ranks =
      computeTaskKey === undefined
        ? scanRanks(this.#transaction, { prefix: CREATED, after, textCount: TEXT_COUNT })
        : this.#ranksOfTask(computeTaskKey, after);
    return cutPage(this.#candidates(ranks, identifier), page);
  }

  async *#ranksOfTask(taskKey: string, after: Rank | undefined): AsyncGenerator<Rank, void, undefined> {
    for await (const group of groupByInstant(scanIndex(this.#transaction, taskPrefix(taskKey), { from: after?.instant }))) {
      const [{ instant }] = group;
      const items = group.flatMap((entry) => entry.items as readonly { readonly performance?: string }[]);
      const ranks = items.flatMap(({ performance }) => (performance === undefined ? [] : [{ instant, texts: [taskKey, performance] }]));
      yield* ranks.toSorted(compareRanks).filter((rank) => after === undefined || compareRanks(rank, after) > 0);
    }
  }

  async *#candidates(ranks: AsyncIterable<Rank>, identifier?: string): AsyncGenerator<Candidate<Performance>, void, undefined> {
    for await (const rank of ranks) {
      const isKept = identifier === undefined || rank.texts[1] === identifier;
      yield { cursor: formatRank(rank), load: async () => (isKept ? this.#load(rank) : undefined) };
    }
  }

  async #load({ texts: [taskKey = '', identifier = ''] }: Rank): Promise<Encoded<Performance> | undefined> {
    return (await this.#store.getRecord(taskKey, requirePart(identifier)))?.stored;
  }
}

function requirePart(identifier: string): string {
  const part = encodePart(identifier);
  if (part === undefined) throw new Error('the identifier of an output is too long');
  return part;
}

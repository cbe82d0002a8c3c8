import { ComputeTaskOutputAsset, formatStored, type Instant, isUuid, parseStored } from '@orchestrator/lib';
import { scanIndex } from './index-scan.ts';
import type { LedgerTransaction } from './ledger-transaction.ts';
import { taskPrefix } from './task-indexes.ts';

const MESSAGE = 'ComputeTaskOutputAsset';

interface Registered {
  readonly instant: Instant;
  readonly txId: string;
  readonly n: number;
  readonly output: ComputeTaskOutputAsset;
}

/** Adds output assets to the indexes of their tasks, each with its number in the transaction. */
export function addOutputAssets(transaction: LedgerTransaction, outputAssets: readonly ComputeTaskOutputAsset[]): void {
  for (const output of outputAssets) {
    const text = formatStored(MESSAGE, ComputeTaskOutputAsset.encode(output).finish());
    transaction.append(taskPrefix(output.computeTaskKey), [`{"n":${transaction.nextSequence()},"output":${text}}`]);
  }
}

/** What was registered under the outputs of the tasks, in the order of instants, transactions, and numbers in them. */
export async function getOutputAssets(
  transaction: LedgerTransaction,
  taskKeys: readonly string[],
): Promise<readonly ComputeTaskOutputAsset[]> {
  await transaction.settled();
  const found: Registered[] = [];
  for (const key of new Set(taskKeys)) {
    if (!isUuid(key)) continue;
    for await (const { instant, txId, items } of scanIndex(transaction, taskPrefix(key))) {
      for (const item of items as readonly { readonly n?: number; readonly output?: unknown }[]) {
        if (item.output === undefined) continue;
        const output = ComputeTaskOutputAsset.decode(parseStored(MESSAGE, item.output));
        found.push({ instant, txId, n: item.n ?? 0, output });
      }
    }
  }
  return found.toSorted(compare).map(({ output }) => output);
}

function compare(a: Registered, b: Registered): number {
  if (a.instant !== b.instant) return a.instant < b.instant ? -1 : 1;
  if (a.txId !== b.txId) return a.txId < b.txId ? -1 : 1;
  return a.n - b.n;
}

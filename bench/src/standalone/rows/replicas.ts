import type { Figure } from '../../report/figure.ts';
import { measureRead, readsOf } from '../../rows/reads.ts';
import { measureLife, measureSingle } from '../../rows/writes.ts';
import { layStock } from '../../workload/stock.ts';
import { openBench, type StandaloneBench } from '../bench.ts';

/** Two replicas on one database, the callers spread over them. */
export async function measureReplicas({ postgres, effort }: StandaloneBench): Promise<readonly Figure[]> {
  await using bench = await openBench({ postgres, effort, replicas: 2 });
  const [read] = readsOf(await layStock(bench));
  const figures = [...(await measureSingle(bench, { aims: {} })), ...(await measureLife(bench, { aims: {} }))];
  if (read !== undefined) figures.push(await measureRead(bench, read));
  return figures.map(({ row, unit, rounds, value }) => ({ row: `two replicas: ${row}`, unit, rounds, value }));
}

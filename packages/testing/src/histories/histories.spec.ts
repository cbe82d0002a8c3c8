import { expect, it } from 'vitest';
import { createMemoryHistoryApi } from './memory-history-api.ts';
import { runHistory } from './run-history.ts';

it('one', async () => {
  const summary = await runHistory({
    seed: 1,
    steps: 400,
    api: createMemoryHistoryApi(),
    organizations: ['MyOrg1MSP', 'MyOrg2MSP', 'MyOrg3MSP', 'MyOrg4MSP'],
  });
  console.log(summary.answered, summary.refused);
  expect(1).toBe(1);
});

/**
 * The end-to-end suite against distributed mode on the development ledger, unchanged: two organizations with AND
 * endorsement, the product's chaincode as a process for each, and a server that speaks for both.
 */
import { startDevLedger } from '@orchestrator/dev-ledger';
import { runScenariosTwice } from '../distributed/scenarios.ts';
import { closingLine } from '../verification/tally.ts';

await using ledger = await startDevLedger();
const tally = await runScenariosTwice(ledger, async () => {
  for (const { mspid } of ledger.organizations) await ledger.stopPeer(mspid);
  await ledger.stopOrderer();
  await ledger.startOrderer();
  for (const { mspid } of ledger.organizations) await ledger.startPeer(mspid);
});
console.log(closingLine(tally));
process.exitCode = tally.failed === 0 ? 0 : 1;

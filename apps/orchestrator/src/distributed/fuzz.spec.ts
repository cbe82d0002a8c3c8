import { defineFuzz } from '../spec-support-fuzz.ts';
import { startDevSpecLedger } from './spec-support-servers.ts';

const isExtended = process.env['ORCHESTRATOR_TEST_EXTENDED'] === '1';

defineFuzz({
  lanes: [['mychannel', 'yourchannel']],
  messages: isExtended ? 20_000 : 500,
  timeoutMs: isExtended ? 3_600_000 : 300_000,
  open: async () => {
    const ledger = await startDevSpecLedger();
    return { server: await ledger.startServer(), [Symbol.asyncDispose]: () => ledger[Symbol.asyncDispose]() };
  },
});

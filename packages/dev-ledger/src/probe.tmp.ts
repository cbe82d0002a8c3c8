import { startDevLedger } from './ledger.ts';
import { runProbes } from './probes/runner.ts';
await using network = await startDevLedger({ batchTimeoutMs: 50 });
let bad = 0, all = 0;
await runProbes({ network, only: process.argv.slice(2), onProbe: (id, differences) => { all += 1; if (differences.length === 0) return; bad += 1; console.log('DIFF', id); for (const d of differences.slice(0, 6)) console.log('    ', d.path, '\n       exp', JSON.stringify(d.expected)?.slice(0, 300), '\n       act', JSON.stringify(d.actual)?.slice(0, 300)); } });
console.log(all, 'probes', bad, 'differ');
process.exit(0);

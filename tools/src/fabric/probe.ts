/**
 * Runs the probes of the development ledger on a real network and compares its answers with golden.json:
 * `probe.ts [--out file] [--couchdb] [section…]`. It ends with `N passed, N failed`.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { runProbes } from '@orchestrator/dev-ledger/probes';
import { startFabricNetwork } from './network.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { out: { type: 'string' }, couchdb: { type: 'boolean', default: false } },
});

await using network = await startFabricNetwork({ batchTimeoutMs: 50, stateDatabase: values.couchdb ? 'CouchDB' : 'goleveldb' });
const { records, differences, facts } = await runProbes({
  network,
  only: positionals,
  onProbe: (id, found) => {
    console.log(found.length === 0 ? 'ok  ' : 'DIFF', id);
    for (const { path, expected, actual } of found) console.log(`     ${path}: ${JSON.stringify(expected)} -> ${JSON.stringify(actual)}`);
  },
});
if (values.out !== undefined) writeFileSync(values.out, JSON.stringify({ probes: Object.fromEntries(records), facts }, undefined, 1));
console.log(JSON.stringify(facts, undefined, 1));
console.log(`${records.size - differences.size} passed, ${differences.size} failed`);
process.exitCode = differences.size === 0 ? 0 : 1;

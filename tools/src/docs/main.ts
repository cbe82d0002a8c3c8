/** Makes docs/reference from the proto files and the docstrings. `--check` writes nothing and fails when it is stale. */
import { join } from 'node:path';
import { renderReferences, staleReferences, writeReferences } from './reference.ts';

const root = join(import.meta.dirname, '../../..');
const references = renderReferences(root);
if (process.argv.includes('--check')) {
  const stale = staleReferences(root, references);
  if (stale.length > 0) {
    console.error(`stale, run \`npm run docs\`: ${stale.join(', ')}`);
    process.exitCode = 1;
  }
} else {
  writeReferences(root, references);
}

import { parseOptions } from './options.ts';
import { runSuite } from './runner.ts';

try {
  const { passed, failed } = await runSuite(parseOptions(process.argv.slice(2)), (line) => console.log(line));
  console.log(`${passed} passed, ${failed} failed`);
  // A suite that ran nothing has shown nothing.
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
} catch (error) {
  console.error(`e2e: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}

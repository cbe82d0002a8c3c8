/** Asks the registry for known weaknesses of what is delivered. Registries that give no advisories are no failure. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { repositoryRoot } from './lock.ts';

interface Report {
  readonly vulnerabilities?: Readonly<Record<string, { readonly name: string; readonly severity: string }>>;
}

const TIMEOUT_MS = 60_000;
const SEVERE: ReadonlySet<string> = new Set(['high', 'critical']);

/** npm ends with 1 both for findings and for a registry that does not answer; the report tells which. */
async function readReport(): Promise<Report> {
  const args = ['audit', '--json', '--omit=dev'];
  const options = { cwd: repositoryRoot, timeout: TIMEOUT_MS, maxBuffer: 64 * 1024 * 1024 };
  const output = await promisify(execFile)('npm', args, options).catch((error: unknown) => error as { stdout?: string });
  try {
    return JSON.parse(output.stdout ?? '') as Report;
  } catch {
    return {};
  }
}

const { vulnerabilities } = await readReport();
if (vulnerabilities === undefined) {
  console.log('the registry gives no advisories: nothing is known of weaknesses, good or bad');
} else {
  const found = Object.values(vulnerabilities);
  for (const { name, severity } of found) console.log(`${severity}: ${name}`);
  const severe = found.filter(({ severity }) => SEVERE.has(severity));
  console.log(`${found.length} packages with advisories, ${severe.length} of them severe`);
  process.exitCode = severe.length > 0 ? 1 : 0;
}

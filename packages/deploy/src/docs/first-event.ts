import { root } from '../paths.ts';
import { BackgroundProcess } from '../process.ts';
import { waitFor } from '../wait.ts';

const TIMEOUT_MS = 60_000;

/** Registers MyOrg2MSP in mychannel, by the script of the first page. @throws Error when its event does not come back */
export async function registerFirst(address: string): Promise<void> {
  await using call = new BackgroundProcess({ command: process.execPath, args: ['--conditions=@orchestrator/source', 'examples/first-call.ts', address], cwd: root });
  await waitFor(() => Promise.resolve(/MyOrg2MSP organization/.test(call.output) ? true : undefined), { what: `the event of the organization: ${call.output}`, timeoutMs: TIMEOUT_MS });
}

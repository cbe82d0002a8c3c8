import { join } from 'node:path';
import type { FabricLayout } from '../layout.ts';
import type { ProcessGuard } from '../process-guard.ts';
import { Program } from '../program.ts';

const READY_TIMEOUT_MS = 30_000;

/** One stand-in for CouchDB beside each peer, where that is the state database; else none. */
export class CouchProcesses {
  readonly #programs: readonly Program[];

  constructor({ settings, peers, folder }: FabricLayout, guard: ProcessGuard) {
    const wanted = settings.stateDatabase === 'CouchDB' ? peers : [];
    this.#programs = wanted.map(({ mspid, couchPort }) => {
      const address = `127.0.0.1:${couchPort}`;
      return new Program({
        name: `the CouchDB stand-in of ${mspid}`,
        file: process.execPath,
        args: ['--conditions=@orchestrator/source', join(import.meta.dirname, 'main.ts'), address],
        env: {},
        folder,
        logFile: join(folder, `couchdb-${mspid}.log`),
        guard,
        isReady: () => answers(address),
        readyTimeoutMs: READY_TIMEOUT_MS,
      });
    });
  }

  async start(): Promise<void> {
    await Promise.all(this.#programs.map((program) => program.start()));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#programs.map((program) => program.stop()));
  }
}

async function answers(address: string): Promise<boolean> {
  try {
    return (await fetch(`http://${address}/_up`, { signal: AbortSignal.timeout(1_000) })).ok;
  } catch {
    return false;
  }
}

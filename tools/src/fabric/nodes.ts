import { join } from 'node:path';
import type { PeerSettings } from '@orchestrator/dev-ledger';
import type { FabricLayout, NodeLayout, PeerLayout } from './layout.ts';
import { isListening } from './listening.ts';
import { writeConfiguration } from './material.ts';
import { peerConfiguration } from './node-configuration.ts';
import type { ProcessGuard } from './process-guard.ts';
import { Program } from './program.ts';

const READY_TIMEOUT_MS = 60_000;
const HEALTH_TIMEOUT_MS = 2_000;

/** What nodes are made with. */
export interface NodeOptions {
  readonly layout: FabricLayout;
  readonly binaries: string;
  readonly guard: ProcessGuard;
}

/** An orderer's process, named o1, o2, o3. */
export function ordererProgram({ binaries, guard }: NodeOptions, orderer: NodeLayout, name: string): Program {
  return new Program({
    name: `orderer ${name}`,
    file: join(binaries, 'orderer'),
    args: [],
    ...surroundings(orderer),
    guard,
  });
}

/** The peer of an organization. */
export class PeerNode {
  readonly mspid: string;
  readonly #layout: FabricLayout;
  readonly #peer: PeerLayout;
  readonly #program: Program;

  constructor({ layout, binaries, guard }: NodeOptions, peer: PeerLayout) {
    this.mspid = peer.mspid;
    this.#layout = layout;
    this.#peer = peer;
    this.#program = new Program({
      name: `the peer of ${peer.mspid}`,
      file: join(binaries, 'peer'),
      args: ['node', 'start'],
      ...surroundings(peer),
      guard,
    });
  }

  get isRunning(): boolean {
    return this.#program.isRunning;
  }

  /** The process's id while it runs. */
  get pid(): number | undefined {
    return this.#program.pid;
  }

  /** @throws Error with the end of its log when it does not come up. */
  async start(settings?: PeerSettings): Promise<void> {
    if (this.isRunning) return;
    writeConfiguration(join(this.#peer.folder, 'core.yaml'), peerConfiguration(this.#layout, this.#peer, settings));
    await this.#program.start();
  }

  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    await this.#program.stop(signal);
  }

  /** The end of its log. */
  logTail(): string {
    return this.#program.logTail();
  }
}

function surroundings({ folder, port, operationsPort }: NodeLayout) {
  return {
    folder,
    logFile: join(folder, 'node.log'),
    env: { FABRIC_CFG_PATH: folder, FABRIC_LOGGING_SPEC: 'info' },
    // A node is healthy a moment before it listens.
    isReady: async () => (await isHealthy(operationsPort)) && isListening(`127.0.0.1:${port}`),
    readyTimeoutMs: READY_TIMEOUT_MS,
  };
}

async function isHealthy(port: number): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/healthz`, { signal: AbortSignal.timeout(HEALTH_TIMEOUT_MS) });
    const body = (await response.json()) as { readonly status?: string };
    return body.status === 'OK';
  } catch {
    return false;
  }
}

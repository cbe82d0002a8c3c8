import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const START_TIMEOUT_MS = 30_000;
const POLL_INTERVAL_MS = 25;
const SHOWN_CHARACTERS = 3_000;

/** One of the probes' chaincodes at one organization. */
export interface ProbeChaincodeOptions {
  readonly kind: 'contract' | 'raw';
  readonly mspid: string;
  readonly packageId: string;
}

/** A process that serves a probe chaincode; it ends with this process. */
export class ProbeChaincode implements AsyncDisposable {
  readonly #options: ProbeChaincodeOptions;
  #child: ChildProcess | undefined;
  #printed = '';

  constructor(options: ProbeChaincodeOptions) {
    this.#options = options;
  }

  /**
   * Starts it, and waits until it listens on `address` (`host:port`).
   *
   * @throws Error with what it printed when it does not come up.
   */
  async start(address: string): Promise<void> {
    const { kind, mspid, packageId } = this.#options;
    await this.stop();
    const args = ['--conditions=@orchestrator/source', join(import.meta.dirname, 'chaincode/serve.ts'), kind, 'ends-with-input'];
    const env = {
      PATH: process.env['PATH'] ?? '',
      CHAINCODE_CCID: packageId,
      CHAINCODE_ADDRESS: address,
      CORE_PEER_LOCALMSPID: mspid,
      CORE_CHAINCODE_LOGGING_LEVEL: 'ERROR',
    };
    const child = spawn(process.execPath, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child = child;
    this.#printed = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (this.#printed = (this.#printed + text).slice(-SHOWN_CHARACTERS)));
    }
    const deadlineMs = Date.now() + START_TIMEOUT_MS;
    while (!(await isListening(address))) {
      if (hasEnded(child) || Date.now() > deadlineMs) throw new Error(`the probe chaincode ${kind} does not start:\n${this.#printed}`);
      await delay(POLL_INTERVAL_MS);
    }
  }

  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || hasEnded(child)) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('SIGKILL');
  }
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

async function isListening(address: string): Promise<boolean> {
  const [host = '', port = ''] = address.split(':');
  const socket = connect({ host, port: Number(port) });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerProcess } from '@orchestrator/tools';
import { nowMs } from '../process/clock.ts';
import { memoryOf } from '../process/usage.ts';

const COLLECT_MS = 500;
const SAMPLE = /^([a-z_]+)(\{[^}]*\})? (\S+)$/;

/** What a server holds at a moment. */
export interface ServerState {
  readonly atMs: number;
  readonly rssBytes: number;
  /** Of the heap and beside it, together: what buffers hold lies outside of the heap. */
  readonly heldBytes: number;
  /** Of the operating system: sockets, files. */
  readonly openFiles: number;
  /** Sockets, servers, timers, by what Node calls them. */
  readonly resources: Readonly<Record<string, number>>;
  readonly openStreams: number;
  /** Calls that began and have not ended. */
  readonly openCalls: number;
}

interface Sample {
  readonly name: string;
  readonly labels: string;
  readonly value: number;
}

/** Reads the lines of Prometheus' text form. */
export function parseMetrics(text: string): readonly Sample[] {
  return text.split('\n').flatMap((line) => {
    const [, name, labels = '', value] = SAMPLE.exec(line) ?? [];
    return name === undefined ? [] : [{ name, labels, value: Number(value) }];
  });
}

/** Asks a server what it holds now. */
export async function readState(server: ServerProcess): Promise<ServerState> {
  const response = await fetch(`http://${server.httpAddress}/metrics`, { headers: { connection: 'close' } });
  const samples = parseMetrics(await response.text());
  const sum = (name: string): number =>
    samples.filter((sample) => sample.name === name).reduce((total, { value }) => total + value, 0);
  const resources = samples.filter(({ name }) => name === 'nodejs_active_resources');
  return {
    atMs: nowMs(),
    rssBytes: memoryOf(server.pid).bytes,
    heldBytes: sum('nodejs_heap_size_used_bytes') + sum('nodejs_external_memory_bytes'),
    openFiles: sum('process_open_fds'),
    resources: Object.fromEntries(resources.map(({ labels, value }) => [/"(.*)"/.exec(labels)?.[1] ?? labels, value])),
    openStreams: sum('orc_event_subscribers'),
    openCalls: sum('grpc_server_started_total') - sum('grpc_server_handled_total'),
  };
}

/** The same behind a collection of garbage. */
export async function readHeldState(server: ServerProcess): Promise<ServerState> {
  // The second one takes what the finalizers of the first have let go.
  for (let count = 0; count < 2; count += 1) {
    server.kill('SIGUSR2');
    await sleep(COLLECT_MS);
  }
  return readState(server);
}

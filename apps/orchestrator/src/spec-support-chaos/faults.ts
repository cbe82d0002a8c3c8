import { setTimeout as sleep } from 'node:timers/promises';
import type { TcpProxy } from '@orchestrator/tools';
import { eventually, until, within } from '../spec-waiting.ts';
import type { Fault, FaultKind } from './plan.ts';
import type { ChaosScene } from './scene.ts';

const TRAFFIC_TIMEOUT_MS = 120_000;
const RETURN_TIMEOUT_MS = 60_000;
/** So many are lost, one after the other. */
const COMMITS = 4;
/** Each byte is late by this part of the time for which they are. */
const DELAY_PART = 5;

interface Injection {
  /** What it happens to: one thing meets one fault at a time. */
  readonly target: (fault: Fault) => string;
  /** Makes it happen; resolves when it is over. */
  readonly inject: (scene: ChaosScene, fault: Fault) => Promise<void>;
}

const server = ({ replica }: Fault): string => `server ${replica}`;
const clock = ({ replica }: Fault): string => `clock ${replica}`;
const clients = ({ replica }: Fault): string => `clients of server ${replica}`;
const link = ({ replica }: Fault): string => `database connections of server ${replica}`;
const commits = ({ replica }: Fault): string => `commits of server ${replica}`;
const database = (): string => 'database';
const broker = (): string => 'broker';

const INJECTIONS: Readonly<Record<FaultKind, Injection>> = {
  'server killed': { target: server, inject: (scene, fault) => scene.replica(fault.replica).restart('SIGKILL', () => sleep(fault.lastsMs)) },
  'server terminated': { target: server, inject: (scene, fault) => scene.replica(fault.replica).restart('SIGTERM', () => sleep(fault.lastsMs)) },
  'database killed': { target: database, inject: (scene) => endDatabase(scene, 'SIGKILL') },
  'database ended at once': { target: database, inject: (scene) => endDatabase(scene, 'SIGQUIT') },
  'database restarted': { target: database, inject: (scene) => endDatabase(scene, 'SIGINT') },
  'database session killed': { target: database, inject: killSession },
  'COMMIT lost before it arrived': { target: commits, inject: (scene, fault) => loseCommits(scene, fault, 'before') },
  'COMMIT lost after it arrived': { target: commits, inject: (scene, fault) => loseCommits(scene, fault, 'after') },
  'database connections cut': { target: link, inject: async (scene, fault) => scene.replica(fault.replica).databaseLink.cut() },
  'database connections delayed': { target: link, inject: (scene, fault) => delay(scene.replica(fault.replica).databaseLink, fault) },
  'database connections half-closed': { target: link, inject: (scene, fault) => halfClose(scene.replica(fault.replica).databaseLink, fault) },
  'database answers swallowed': { target: link, inject: (scene, fault) => swallow(scene.replica(fault.replica).databaseLink, fault) },
  'client connections cut': { target: clients, inject: async (scene, fault) => scene.replica(fault.replica).clientLink.cut() },
  'client connections delayed': { target: clients, inject: (scene, fault) => delay(scene.replica(fault.replica).clientLink, fault) },
  'client connections half-closed': { target: clients, inject: (scene, fault) => halfClose(scene.replica(fault.replica).clientLink, fault) },
  'committed, answer lost': { target: clients, inject: (scene, fault) => swallow(scene.replica(fault.replica).clientLink, fault) },
  'clock stepped': { target: clock, inject: stepClock },
  'broker stopped': { target: broker, inject: (scene, fault) => restartBroker(scene, () => scene.services.broker.stop(), fault) },
  'broker killed': { target: broker, inject: (scene, fault) => restartBroker(scene, () => scene.services.broker.kill(), fault) },
  'broker connections cut': { target: broker, inject: async (scene, fault) => scene.replica(fault.replica).brokerLink.cut() },
};

/** What a fault happens to. */
export function targetOf(fault: Fault): string {
  return INJECTIONS[fault.kind].target(fault);
}

/** Makes a fault happen, and waits until it is over. @throws Error when what it hit does not come back in time. */
export function inject(scene: ChaosScene, fault: Fault): Promise<void> {
  return INJECTIONS[fault.kind].inject(scene, fault);
}

/** Ends PostgreSQL by its own signal, and waits until another one answers. */
async function endDatabase(scene: ChaosScene, signal: 'SIGKILL' | 'SIGQUIT' | 'SIGINT'): Promise<void> {
  const { postgres } = scene.services;
  const { pid } = postgres;
  postgres.end(signal);
  await until('another PostgreSQL', () => postgres.pid !== pid, RETURN_TIMEOUT_MS);
  await scene.databaseAnswers();
}

/** Kills the process behind one of the servers' sessions, which makes PostgreSQL end all of them and recover. */
async function killSession(scene: ChaosScene): Promise<void> {
  const text = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'orchestrator' LIMIT 1";
  const pid = await eventually('a session', async () => {
    const [row] = await scene.query<{ pid: number }>(text, []);
    if (row === undefined) throw new Error('no server has one');
    return row.pid;
  }, RETURN_TIMEOUT_MS);
  process.kill(pid, 'SIGKILL');
  const others = 'SELECT 1 FROM pg_stat_activity WHERE pid = $1';
  await until('the end of the session', async () => (await scene.query(others, [pid])).length === 0, RETURN_TIMEOUT_MS);
}

/** Of several: with its key a call that runs again by mistake does no harm, and most calls have one. */
async function loseCommits(scene: ChaosScene, { replica }: Fault, fault: 'before' | 'after'): Promise<void> {
  for (let lost = 0; lost < COMMITS; lost += 1) {
    await within(scene.replica(replica).commits.loseNextCommit(fault), TRAFFIC_TIMEOUT_MS, 'a COMMIT');
  }
}

async function delay(proxy: TcpProxy, { lastsMs }: Fault): Promise<void> {
  proxy.delay(Math.round(lastsMs / DELAY_PART));
  await sleep(lastsMs);
  proxy.delay(0);
}

async function halfClose(proxy: TcpProxy, { direction, lastsMs }: Fault): Promise<void> {
  proxy.halfClose(direction);
  await sleep(lastsMs);
  proxy.cut();
}

/** Keeps back what is answered, while requests go on to arrive, and loses it with the connections. */
async function swallow(proxy: TcpProxy, { lastsMs }: Fault): Promise<void> {
  await within(proxy.hold({ direction: 'down' }), TRAFFIC_TIMEOUT_MS, 'an answer');
  await sleep(lastsMs);
  proxy.cut();
  proxy.release();
}

async function stepClock(scene: ChaosScene, { replica, clockOffsetS }: Fault): Promise<void> {
  const { clock: stepped } = scene.replica(replica);
  if (stepped === undefined) return;
  await stepped.set(clockOffsetS);
  await sleep(stepped.noticedWithinMs);
}

async function restartBroker(scene: ChaosScene, end: () => Promise<void>, { lastsMs }: Fault): Promise<void> {
  await end();
  await sleep(lastsMs);
  await scene.services.broker.start();
}

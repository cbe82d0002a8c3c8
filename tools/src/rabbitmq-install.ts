import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { installCommand, installDebianPackage } from './debian-package.ts';

/** Debian's programs themselves: those in the PATH are wrappers that insist on the user `rabbitmq`. */
const DEBIAN_BIN_DIR = '/usr/lib/rabbitmq/bin';
const PACKAGE = 'rabbitmq-server';

/** Where RabbitMQ's programs may lie, the best place first. */
export function rabbitMqPlaces(path: string | undefined): readonly string[] {
  return [DEBIAN_BIN_DIR, ...(path ?? '').split(delimiter).filter((folder) => folder !== '')];
}

/** What to do about RabbitMQ on a machine. */
export type RabbitMqSource =
  | { readonly kind: 'installed'; readonly binDir: string }
  | { readonly kind: 'debian' }
  | { readonly kind: 'none'; readonly reason: string };

export interface Machine {
  readonly places: readonly string[];
  readonly exists: (path: string) => boolean;
  readonly isRoot: boolean;
}

/** The installed RabbitMQ; else Debian's package, which needs apt-get and root; else why there is none. */
export function rabbitMqSource({ places, exists, isRoot }: Machine): RabbitMqSource {
  const binDir = places.find((folder) => exists(join(folder, 'rabbitmq-server')) && exists(join(folder, 'rabbitmqctl')));
  if (binDir !== undefined) return { kind: 'installed', binDir };
  const help =
    'these tests need a RabbitMQ. Install rabbitmq-server, or name a broker in ORCHESTRATOR_TEST_AMQP_URL and ORCHESTRATOR_TEST_RABBITMQ_MANAGEMENT_URL.';
  if (!places.some((folder) => exists(join(folder, 'apt-get')))) {
    return { kind: 'none', reason: `No rabbitmq-server and no apt-get on this machine: ${help}` };
  }
  if (!isRoot) return { kind: 'none', reason: `No rabbitmq-server, and only root may install Debian's: ${help}` };
  return { kind: 'debian' };
}

/**
 * The folder of RabbitMQ's programs; installs Debian's package when there is none, and says so.
 *
 * @throws when RabbitMQ can be had in no way.
 */
export async function ensureRabbitMq(say: (line: string) => void): Promise<string> {
  const machine = { places: rabbitMqPlaces(process.env.PATH), exists: existsSync, isRoot: process.getuid?.() === 0 };
  const source = rabbitMqSource(machine);
  if (source.kind === 'none') throw new Error(source.reason);
  if (source.kind === 'installed') return source.binDir;
  say(`Installing Debian's ${PACKAGE} for the tests: ${installCommand(PACKAGE)}`);
  await installDebianPackage(PACKAGE);
  const installed = rabbitMqSource(machine);
  if (installed.kind !== 'installed') throw new Error(`apt-get installed ${PACKAGE}, and yet it is not there`);
  return installed.binDir;
}

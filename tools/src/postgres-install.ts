import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { installCommand, installDebianPackage } from './debian-package.ts';

/** Where Debian 12 has the programs of PostgreSQL 15, the oldest version that is supported. */
export const debianBinDir = '/usr/lib/postgresql/15/bin';

const PACKAGE = 'postgresql-15';

/**
 * The folder of Debian's PostgreSQL, its client programs included; installs it when there is none, and says so.
 *
 * @throws when it can be had in no way.
 */
export async function ensureDebianPostgres(say: (line: string) => void): Promise<string> {
  if (isThere()) return debianBinDir;
  const help = `These tests need Debian's PostgreSQL 15: ${installCommand(PACKAGE)}`;
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) throw new Error(help);
  say(`Installing Debian's ${PACKAGE} for the tests: ${installCommand(PACKAGE)}`);
  await installDebianPackage(PACKAGE);
  if (!isThere()) throw new Error(`apt-get installed ${PACKAGE}, and yet it is not there. ${help}`);
  return debianBinDir;
}

function isThere(): boolean {
  return ['postgres', 'pg_dump', 'pg_restore', 'createdb'].every((program) => existsSync(join(debianBinDir, program)));
}

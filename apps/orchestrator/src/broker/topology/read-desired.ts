import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseChannels } from '../../config/channels.ts';
import type { ChannelTable } from '../../config/channels.ts';
import type { ReconcilerConfig } from '../../config/reconciler-config.ts';
import { desiredTopology } from './topology.ts';
import type { DesiredTopology } from './topology.ts';

/**
 * Reads the channel configuration and the passwords anew.
 *
 * @throws when a file cannot be read or used: nothing may be concluded from it then.
 */
export async function readDesired(config: ReconcilerConfig): Promise<DesiredTopology> {
  const { channels, problems } = parseChannels(await readFile(config.channelsPath, 'utf8'));
  if (problems.length > 0) throw new Error(`the channel configuration ${config.channelsPath} cannot be used: ${problems.join('; ')}`);
  return desiredTopology({ ...config, channels, passwords: await readPasswords(config, channels) });
}

async function readPasswords(
  { passwords, passwordsDir }: ReconcilerConfig,
  channels: ChannelTable,
): Promise<ReadonlyMap<string, string>> {
  const found = new Map(passwords);
  if (passwordsDir === undefined) return found;
  const organizations = new Set([...channels.values()].flatMap((entry) => [...entry.organizations]));
  for (const organization of organizations) {
    const password = await readPassword(passwordsDir, organization);
    if (password !== undefined) found.set(organization, password);
  }
  return found;
}

/** Undefined without a file, or when there is nothing in it. Editors end files with a line break. */
async function readPassword(folder: string, organization: string): Promise<string | undefined> {
  // Not a file of this folder.
  if (organization.includes('/') || organization === '.' || organization === '..') return undefined;
  try {
    const text = (await readFile(join(folder, organization), 'utf8')).replace(/\r?\n$/, '');
    return text === '' ? undefined : text;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

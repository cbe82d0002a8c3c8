import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Log } from '../log/log.ts';
import { parseChannels } from './channels.ts';
import type { ChannelTable } from './channels.ts';
import type { Config } from './config.ts';
import { ContentWatch } from './content-watch.ts';

export interface ConfiguredChannelsOptions {
  readonly channels: Config['channels'];
  readonly log: Log;
  /** How often the file is read at least. */
  readonly intervalMs?: number;
}

/**
 * Which channels there are, and who belongs to them. Follows the file: a broken change is logged, and the old state
 * stays.
 */
export class ConfiguredChannels implements AsyncDisposable {
  #table: ChannelTable;
  readonly #watch: ContentWatch<ChannelTable> | undefined;
  readonly #listeners: (() => void)[] = [];

  constructor({ channels: { path, initial }, log, intervalMs }: ConfiguredChannelsOptions) {
    this.#table = initial;
    if (path === undefined) return;
    this.#watch = new ContentWatch({
      subject: `channel configuration ${path}`,
      folders: [dirname(path)],
      read: async () => {
        const table = await readChannels(path);
        return { fingerprint: fingerprintOf(table), content: table };
      },
      fingerprint: fingerprintOf(initial),
      apply: (table) => {
        this.#table = table;
        for (const listener of this.#listeners) listener();
      },
      log,
      intervalMs,
    });
  }

  /** `unknown` for an unknown channel, too: who is no member must not learn that it exists. */
  isMember(channel: string, mspid: string): 'ok' | 'unknown' {
    return this.#table.get(channel)?.organizations.has(mspid) === true ? 'ok' : 'unknown';
  }

  /** The names, sorted. */
  channels(): readonly string[] {
    return [...this.#table.keys()].toSorted();
  }

  /** The MSP ids of a channel's organizations, sorted; empty for an unknown channel. */
  organizationsOf(channel: string): readonly string[] {
    return [...(this.#table.get(channel)?.organizations ?? [])].toSorted();
  }

  /** The chaincode that the configuration names for the channel. */
  chaincodeOf(channel: string): string | undefined {
    return this.#table.get(channel)?.chaincode;
  }

  /** Tells of changes of the configuration. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#watch?.[Symbol.asyncDispose]();
  }
}

async function readChannels(path: string): Promise<ChannelTable> {
  const { channels, problems } = parseChannels(await readFile(path, 'utf8'));
  if (problems.length > 0) throw new Error(problems.join('; '));
  return channels;
}

function fingerprintOf(table: ChannelTable): string {
  return JSON.stringify(
    [...table].map(([name, { organizations, chaincode }]) => [name, [...organizations], chaincode ?? null]),
  );
}

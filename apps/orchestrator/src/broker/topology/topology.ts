import type { ChannelTable } from '../../config/channels.ts';
import { channelNameFault, organizationNameFault } from './names.ts';

export type QueueType = 'classic' | 'quorum';

/** Argument of all exchanges, queues and bindings that the reconciler makes; its value is the entry exchange's name. */
export const MARK = 'x-orchestrator';

/** What the broker should have. Only names that AMQP can carry; sorted. */
export interface DesiredTopology {
  readonly virtualHost: string;
  /** Topic exchange that all events go to, with the channel as routing key. */
  readonly entryExchange: string;
  readonly queueType: QueueType;
  /** Organizations by channel. */
  readonly channels: ReadonlyMap<string, readonly string[]>;
  readonly organizations: readonly string[];
  /** By organization; one without a password gets no user. */
  readonly passwords: ReadonlyMap<string, string>;
  /** What cannot be had, a sentence each. The rest goes on. */
  readonly problems: readonly string[];
}

export interface TopologyOptions {
  readonly virtualHost: string;
  readonly entryExchange: string;
  readonly queueType: QueueType;
  readonly channels: ChannelTable;
  readonly passwords: ReadonlyMap<string, string>;
}

/** What the channel configuration makes of the broker. */
export function desiredTopology({ channels: table, ...options }: TopologyOptions): DesiredTopology {
  const problems: string[] = [];
  const organizations = [...new Set([...table.values()].flatMap((entry) => [...entry.organizations]))].toSorted();
  const usable = organizations.filter((organization) => {
    const fault = organizationNameFault(organization);
    if (fault !== undefined) problems.push(`organization ${JSON.stringify(organization)} ${fault}`);
    return fault === undefined;
  });
  const channels = new Map<string, readonly string[]>();
  for (const [name, entry] of [...table].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const fault = channelNameFault(name, options.entryExchange);
    if (fault === undefined) channels.set(name, usable.filter((organization) => entry.organizations.has(organization)));
    else problems.push(`channel ${JSON.stringify(name)} ${fault}`);
  }
  for (const organization of usable.filter((one) => !options.passwords.has(one))) {
    problems.push(
      `organization ${JSON.stringify(organization)} has no password: ` +
        'give it one in ORCHESTRATOR_BROKER_PASSWORDS_DIR or ORCHESTRATOR_BROKER_PASSWORDS',
    );
  }
  return { ...options, channels, organizations: usable, problems };
}

/** Tag of the users that the reconciler makes: those of another virtual host or exchange are none of its business. */
export function userTag({ virtualHost, entryExchange }: Pick<DesiredTopology, 'virtualHost' | 'entryExchange'>): string {
  return `orchestrator:${encodeURIComponent(virtualHost)}:${encodeURIComponent(entryExchange)}`;
}

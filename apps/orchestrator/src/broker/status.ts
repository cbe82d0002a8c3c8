import { readFile } from 'node:fs/promises';
import { parseChannels } from '../config/channels.ts';
import { describeError } from '../log/describe-error.ts';
import { readEventIndexStatus } from '../distributed/broker/event-index-status.ts';
import { findBrokerProblems, readChannelStatus, readQueueStatus } from './status-sources.ts';
import type { ChannelProgress, ChannelStatus, QueueStatus } from './status-sources.ts';

/** Where to look. What is missing is not looked at. */
export interface StatusCommand {
  /** Of the servers in standalone mode. */
  readonly databaseUrl?: string | undefined;
  /** Of the server in distributed mode. */
  readonly eventIndexFile?: string | undefined;
  readonly amqpDsn?: string | undefined;
  readonly exchange: string;
  readonly channelsPath?: string | undefined;
  readonly managementUrl?: string | undefined;
  readonly virtualHost: string;
}

export interface StatusOutcome {
  /** Whether nothing keeps events from the broker. */
  readonly ok: boolean;
  /** Lines for standard output. */
  readonly out: string;
  /** Lines for standard error. */
  readonly err: string;
}

/** Asks the store, the broker and the management API. @throws when the store cannot tell. */
export async function readStatus(command: StatusCommand): Promise<StatusOutcome> {
  const channels = await channelsOf(command);
  const problems = [...(await brokerProblems(command))];
  const queues = await queuesOf(command).catch((error: unknown) => void problems.push(describeError(error)));
  return {
    ok: problems.length === 0,
    out: renderStatus(channels, queues ?? undefined),
    err: problems.map((problem) => `Problem: ${problem}\n`).join(''),
  };
}

async function channelsOf({ databaseUrl, eventIndexFile }: StatusCommand): Promise<readonly ChannelStatus[]> {
  if (eventIndexFile !== undefined) return readEventIndexStatus(eventIndexFile);
  return databaseUrl === undefined ? [] : readChannelStatus(databaseUrl);
}

async function brokerProblems({ amqpDsn, exchange, channelsPath }: StatusCommand): Promise<readonly string[]> {
  if (amqpDsn === undefined) return [];
  const table = channelsPath === undefined ? undefined : parseChannels(await readFile(channelsPath, 'utf8'));
  const unusable = table?.problems.map((problem) => `the channel configuration: ${problem}`) ?? [];
  return [...unusable, ...(await findBrokerProblems({ amqpDsn, exchange, channels: table?.channels ?? new Map() }))];
}

async function queuesOf({ managementUrl, virtualHost }: StatusCommand): Promise<readonly QueueStatus[] | undefined> {
  return managementUrl === undefined ? undefined : await readQueueStatus(managementUrl, virtualHost);
}

/** The tables that `orchestrator broker status` prints. */
export function renderStatus(channels: readonly ChannelStatus[], queues?: readonly QueueStatus[]): string {
  const channelRows = channels.map(({ channel, cursor, progress }) =>
    progress === undefined ? [channel, String(cursor), ...UNKNOWN] : [channel, String(cursor), ...progressCells(cursor, progress)],
  );
  const channelTable = table(['channel', 'cursor', 'head', 'lag', 'lag in s', 'holder'], channelRows);
  if (queues === undefined) return channelTable;
  const queueRows = queues.map(({ name, messages, consumers }) => [name, String(messages), String(consumers)]);
  return `${channelTable}\n${table(['queue', 'messages', 'consumers'], queueRows)}`;
}

/** The ledger's head and who publishes are not to be seen from the checkpoints. */
const UNKNOWN = ['-', '-', '-', '-'] as const;

function progressCells(cursor: bigint, { head, lagSeconds, holder, held }: ChannelProgress): readonly string[] {
  const who = held ? (holder ?? 'unknown') : `nobody${holder === undefined ? '' : ` (last ${holder})`}`;
  return [String(head), String(head - cursor), lagSeconds.toFixed(1), who];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) => cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd();
  return `${[head, ...rows].map(line).join('\n')}\n`;
}

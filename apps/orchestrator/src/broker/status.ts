import { Client, DatabaseError } from 'pg';
import { PUBLISHER_LOCK_NAMESPACE } from './postgres/publisher-lock.ts';
import { ManagementApi } from './topology/management-api.ts';

/** How far the publishing of a channel is. */
export interface ChannelStatus {
  readonly channel: string;
  /** Position of the last event that the broker confirmed. */
  readonly cursor: bigint;
  /** Position of the last event. */
  readonly head: bigint;
  /** Age of the oldest event that the broker has not confirmed; 0 without any. */
  readonly lagSeconds: number;
  /** The server that publishes the channel, or did last: `host/pid`. Undefined when none ever did. */
  readonly holder: string | undefined;
  /** Whether that server still does. */
  readonly held: boolean;
}

/** What waits in a queue. */
export interface QueueStatus {
  readonly name: string;
  readonly messages: number;
  readonly consumers: number;
}

const TIMEOUT_MS = 10_000;
const UNDEFINED_TABLE = '42P01';

const SELECT_STATUS = `
  SELECT channels.name AS channel, coalesce(cursors.position, 0) AS cursor, channels.position AS head,
    greatest(0, coalesce(extract(epoch FROM clock_timestamp()) - events.instant / 1000000.0, 0))::float8 AS lag, cursors.holder,
    EXISTS (
      SELECT FROM pg_locks
      WHERE locktype = 'advisory' AND granted AND objsubid = 2 AND classid = $1::bigint::oid AND objid = channels.id::oid
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    ) AS held
  FROM channels
  LEFT JOIN broker_cursors AS cursors ON cursors.channel = channels.id
  LEFT JOIN events ON events.channel = channels.id AND events.position = coalesce(cursors.position, 0) + 1
  ORDER BY channels.name`;

interface StatusRow {
  readonly channel: string;
  readonly cursor: string;
  readonly head: string;
  readonly lag: number;
  readonly holder: string | null;
  readonly held: boolean;
}

/**
 * Where the publishers are, as the store says, sorted by channel; channels in which nothing ever happened are missing.
 *
 * @throws when the store cannot be reached, or has an old schema.
 */
export async function readChannelStatus(databaseUrl: string): Promise<readonly ChannelStatus[]> {
  const client = new Client({ connectionString: databaseUrl, connectionTimeoutMillis: TIMEOUT_MS, query_timeout: TIMEOUT_MS });
  // The loss of the connection fails the statement under way, which is where it is reported.
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query<StatusRow>(SELECT_STATUS, [PUBLISHER_LOCK_NAMESPACE]);
    return rows.map(({ cursor, head, lag, holder, ...row }) => ({
      ...row,
      cursor: BigInt(cursor),
      head: BigInt(head),
      lagSeconds: lag,
      holder: holder ?? undefined,
    }));
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.code !== UNDEFINED_TABLE) throw error;
    throw new Error('the schema is not up to date: run "orchestrator migrate"', { cause: error });
  } finally {
    await client.end();
  }
}

/** The text of `orchestrator broker status`; with a management API also what waits in the queues. */
export async function status({
  databaseUrl,
  managementUrl,
  virtualHost,
}: {
  readonly databaseUrl: string;
  readonly managementUrl?: string | undefined;
  readonly virtualHost: string;
}): Promise<string> {
  const channels = await readChannelStatus(databaseUrl);
  if (managementUrl === undefined) return renderStatus(channels);
  return renderStatus(channels, await readQueueStatus(managementUrl, virtualHost));
}

/** What waits in the queues of a virtual host, sorted by name. @throws ManagementApiError */
export async function readQueueStatus(managementUrl: string, virtualHost: string): Promise<readonly QueueStatus[]> {
  const api = new ManagementApi(managementUrl);
  const queues = await api.get<readonly Partial<QueueStatus>[]>('queues', virtualHost);
  return queues
    .map(({ name = '', messages = 0, consumers = 0 }) => ({ name, messages, consumers }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** The tables that `orchestrator broker status` prints. */
export function renderStatus(channels: readonly ChannelStatus[], queues?: readonly QueueStatus[]): string {
  const channelRows = channels.map(({ channel, cursor, head, lagSeconds, holder, held }) => [
    channel,
    String(cursor),
    String(head),
    String(head - cursor),
    lagSeconds.toFixed(1),
    held ? (holder ?? 'unknown') : `nobody${holder === undefined ? '' : ` (last ${holder})`}`,
  ]);
  const channelTable = table(['channel', 'cursor', 'head', 'lag', 'lag in s', 'holder'], channelRows);
  if (queues === undefined) return channelTable;
  const queueRows = queues.map(({ name, messages, consumers }) => [name, String(messages), String(consumers)]);
  return `${channelTable}\n${table(['queue', 'messages', 'consumers'], queueRows)}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) => cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd();
  return `${[head, ...rows].map(line).join('\n')}\n`;
}

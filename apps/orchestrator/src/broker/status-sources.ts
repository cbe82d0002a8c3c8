import { connect } from 'amqplib';
import { Client, DatabaseError } from 'pg';
import type { ChannelTable } from '../config/channels.ts';
import { PUBLISHER_LOCK_NAMESPACE } from './postgres/publisher-lock.ts';
import { explainFailure } from './publisher/explain.ts';
import { checkTopology } from './publisher/topology-check.ts';
import { ManagementApi } from './topology/management-api.ts';

/** How far the publishing of a channel is. */
export interface ChannelStatus {
  readonly channel: string;
  /** Position of the last event that the broker confirmed. */
  readonly cursor: bigint;
  /** Undefined where only the cursor is known. */
  readonly progress?: ChannelProgress | undefined;
}

/** Where a channel's publisher stands among the stored events. */
export interface ChannelProgress {
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
    return rows.map(({ channel, cursor, head, lag, holder, held }) => ({
      channel,
      cursor: BigInt(cursor),
      progress: { head: BigInt(head), lagSeconds: lag, holder: holder ?? undefined, held },
    }));
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.code !== UNDEFINED_TABLE) throw error;
    throw new Error('the schema is not up to date: run "orchestrator migrate"', { cause: error });
  } finally {
    await client.end();
  }
}

/** What waits in the queues of a virtual host, sorted by name. @throws ManagementApiError */
export async function readQueueStatus(managementUrl: string, virtualHost: string): Promise<readonly QueueStatus[]> {
  const api = new ManagementApi(managementUrl);
  const queues = await api.get<readonly Partial<QueueStatus>[]>('queues', virtualHost);
  return queues
    .map(({ name = '', messages = 0, consumers = 0 }) => ({ name, messages, consumers }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

export interface BrokerCheck {
  /** Holds a password. */
  readonly amqpDsn: string;
  readonly exchange: string;
  /** Organizations by channel. */
  readonly channels: ChannelTable;
}

/** What keeps events from the broker, a sentence each that says what to do. */
export async function findBrokerProblems({ amqpDsn, exchange, channels }: BrokerCheck): Promise<readonly string[]> {
  const problems: string[] = [];
  try {
    const model = await connect(amqpDsn, { timeout: TIMEOUT_MS });
    model.on('error', () => undefined);
    for (const [channel, { organizations }] of channels) {
      const check = checkTopology({ model, exchange, channel, organizations: [...organizations] });
      await check.catch((error: unknown) => void problems.push(`channel ${channel}: ${explainFailure(error)}`));
    }
    await model.close();
  } catch (error) {
    problems.push(`the broker: ${explainFailure(error)}`);
  }
  return problems;
}

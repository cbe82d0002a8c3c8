import type { ChannelModel } from 'amqplib';
import { TopologyError } from './explain.ts';

export interface TopologyCheck {
  readonly model: ChannelModel;
  readonly exchange: string;
  readonly channel: string;
  readonly organizations: readonly string[];
}

const NOT_FOUND = 404;

/**
 * Looks for the exchanges and queues that a channel's events go through: what is published before a queue is there,
 * its organization never gets. Bindings can't be seen from here.
 *
 * @throws TopologyError for the first one that is missing; what the broker said otherwise.
 */
export async function checkTopology({ model, exchange, channel, organizations }: TopologyCheck): Promise<void> {
  // The broker closes the AMQP channel on which something is missing: hence one for this alone.
  const amqp = await model.createChannel();
  amqp.on('error', () => undefined);
  await lookFor(amqp.checkExchange(exchange), `exchange ${exchange}`);
  await lookFor(amqp.checkExchange(channel), `exchange ${channel}`);
  for (const organization of organizations) await lookFor(amqp.checkQueue(organization), `queue ${organization}`);
  await amqp.close();
}

async function lookFor(check: Promise<unknown>, what: string): Promise<void> {
  try {
    await check;
  } catch (error) {
    if (!isNotFound(error)) throw error;
    throw new TopologyError(`the broker has no ${what}: run "orchestrator broker reconcile"`);
  }
}

function isNotFound(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === NOT_FOUND;
}

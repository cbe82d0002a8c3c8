import { type ChannelModel, connect, type ConsumeMessage } from 'amqplib';

export const ENTRY_EXCHANGE = 'orchestration';

/** Organizations by channel. */
export type Topology = Readonly<Record<string, readonly string[]>>;

/** Declares what the reconciler would declare. */
export async function declareTopology(amqpUrl: string, topology: Topology): Promise<void> {
  const connection = await connect(amqpUrl);
  const amqp = await connection.createChannel();
  await amqp.assertExchange(ENTRY_EXCHANGE, 'topic', { durable: true });
  for (const [channel, organizations] of Object.entries(topology)) {
    await amqp.assertExchange(channel, 'fanout', { durable: true });
    await amqp.bindExchange(channel, ENTRY_EXCHANGE, channel);
    for (const organization of organizations) {
      await amqp.assertQueue(organization, { durable: true });
      await amqp.bindQueue(organization, channel, '');
    }
  }
  await connection.close();
}

/** Works over a connection of its own. */
export async function withAmqp<T>(amqpUrl: string, work: (connection: ChannelModel) => Promise<T>): Promise<T> {
  const connection = await connect(amqpUrl);
  try {
    return await work(connection);
  } finally {
    await connection.close().catch(() => undefined);
  }
}

/** A message as a consumer got it. */
export interface Delivery {
  readonly id: string;
  readonly message: ConsumeMessage;
}

const POLL_INTERVAL_MS = 20;
const RECONNECT_DELAY_MS = 100;

/** Reads a queue with acks, over and over again when the broker goes away, and keeps everything. */
export class QueueReader implements AsyncDisposable {
  readonly deliveries: Delivery[] = [];
  readonly #url: string;
  readonly #queue: string;
  #connection: ChannelModel | undefined;
  #isClosed = false;

  private constructor(url: string, queue: string) {
    this.#url = url;
    this.#queue = queue;
  }

  static async open(url: string, queue: string): Promise<QueueReader> {
    const reader = new QueueReader(url, queue);
    await reader.#connect();
    return reader;
  }

  /** The ids in the order of their first arrival. */
  get ids(): readonly string[] {
    return [...new Set(this.deliveries.map(({ id }) => id))];
  }

  /** Waits until all of the ids have come, at most so long. @returns what `ids` is then. */
  async waitFor(ids: readonly string[], timeoutMs: number): Promise<readonly string[]> {
    const deadlineMs = Date.now() + timeoutMs;
    for (;;) {
      const seen = new Set(this.ids);
      if (ids.every((id) => seen.has(id)) || Date.now() > deadlineMs) return this.ids;
      await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL_MS));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await this.#connection?.close().catch(() => undefined);
  }

  async #connect(): Promise<void> {
    const connection = await connect(this.#url);
    connection.on('error', () => undefined);
    try {
      await this.#consume(connection);
    } catch (error) {
      await connection.close().catch(() => undefined);
      throw error;
    }
    // Not before: two consumers of one queue would share out its messages, and their order would be lost.
    connection.on('close', () => void this.#reconnect());
    this.#connection = connection;
    if (this.#isClosed) await connection.close().catch(() => undefined);
  }

  async #consume(connection: ChannelModel): Promise<void> {
    const amqp = await connection.createChannel();
    amqp.on('error', () => undefined);
    await amqp.prefetch(500);
    await amqp.consume(this.#queue, (message) => {
      if (message === null) return;
      this.deliveries.push({ id: String(message.properties.messageId), message });
      amqp.ack(message);
    });
  }

  async #reconnect(): Promise<void> {
    while (!this.#isClosed) {
      try {
        await new Promise((resolve) => setTimeout(resolve, RECONNECT_DELAY_MS));
        return await this.#connect();
      } catch {
        // The broker is still away.
      }
    }
  }
}

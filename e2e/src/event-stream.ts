import type { ClientReadableStream, ServiceError } from '@grpc/grpc-js';
import type { Event } from '@orchestrator/lib';
import { within } from './deadline.ts';

const EVENT_DEADLINE_MS = 60_000;

/** An open event stream, read one event at a time. Every wait has a deadline. */
export class EventStream {
  readonly #stream: ClientReadableStream<Buffer>;
  readonly #iterator: AsyncIterator<Buffer>;
  readonly #codec: { decode(bytes: Uint8Array): Event };
  readonly #metadata: Promise<void>;

  constructor(stream: ClientReadableStream<Buffer>, codec: { decode(bytes: Uint8Array): Event }) {
    this.#stream = stream;
    this.#codec = codec;
    this.#metadata = new Promise((resolve) => stream.once('metadata', () => resolve()));
    // The iterator reports errors to whoever reads; without a listener of its own the stream would end the process.
    stream.on('error', () => undefined);
    this.#iterator = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  /** Resolves when the server has sent its initial metadata. */
  connected(): Promise<void> {
    return within(EVENT_DEADLINE_MS, 'the initial metadata', this.#metadata);
  }

  /** The next event. @throws ServiceError when the server ended the stream, Error when it ended with OK. */
  async next(): Promise<Event> {
    const item = await within(EVENT_DEADLINE_MS, 'the next event', this.#iterator.next());
    if (item.done === true) throw new Error('the stream ended with OK');
    return this.#codec.decode(item.value);
  }

  /** Reads on until an event fits. @returns all events read, the fitting one last. */
  async until(fits: (event: Event) => boolean): Promise<Event[]> {
    const events: Event[] = [];
    for (;;) {
      const event = await this.next();
      events.push(event);
      if (fits(event)) return events;
    }
  }

  /** The error that ends the stream; events before it are dropped. */
  async ending(): Promise<ServiceError> {
    try {
      for (;;) await this.next();
    } catch (error) {
      if (error instanceof Error && 'code' in error) return error as ServiceError;
      throw error;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#stream.cancel();
    return Promise.resolve();
  }
}

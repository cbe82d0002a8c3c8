import type { ServerInterceptingCallInterface } from '@grpc/grpc-js';
import { expect, it } from 'vitest';
import { type JoinLimits, joinMessages } from './joined-messages.ts';

type Start = Parameters<ServerInterceptingCallInterface['start']>[0];
type Interceptor = ReturnType<typeof joinMessages>;

const LIMITS: JoinLimits = { streamBytes: 10, totalBytes: 25 };
const identity = (bytes: unknown): Buffer => bytes as Buffer;

/** A connection that takes messages, and tells that they have left when a test says so. */
class FakeCall {
  readonly taken: number[] = [];
  readonly #left: (() => void)[] = [];
  #listener: Start | undefined;

  start(listener: Start): void {
    this.#listener = listener;
  }

  sendMetadata(): void {
    // Not looked at.
  }

  sendMessage(message: Buffer, left: () => void): void {
    this.taken.push(message.length);
    this.#left.push(left);
  }

  /** The message that came first has left. */
  leave(): void {
    this.#left.shift()?.();
  }

  end(): void {
    this.#listener?.onCancel();
  }
}

/** A stream that sends messages of four bytes as fast as it is let. */
class Sender {
  readonly connection = new FakeCall();
  sent = 0;

  constructor(interceptor: Interceptor, responseStream = true) {
    const method = { path: '/a/b', requestStream: false, responseStream, requestDeserialize: identity, responseSerialize: identity };
    const call = interceptor(method, this.connection as unknown as ServerInterceptingCallInterface);
    call.start({
      onReceiveMetadata: () => undefined,
      onReceiveMessage: () => undefined,
      onReceiveHalfClose: () => undefined,
      onCancel: () => undefined,
    });
    const send = (): void => {
      if (this.connection.taken.length === 20) return;
      call.sendMessage(Buffer.alloc(4), () => {
        this.sent += 1;
        send();
      });
    };
    send();
  }

  get taken(): number {
    return this.connection.taken.length;
  }
}

it('hands messages over until so many bytes are under way, then one for each that leaves', () => {
  const { connection, ...sender } = new Sender(joinMessages(LIMITS));
  expect(sender.sent).toBe(2);
  expect(connection.taken).toEqual([4, 4, 4]);
  connection.leave();
  expect(connection.taken).toHaveLength(4);
  for (let left = 0; left < 20; left += 1) connection.leave();
  expect(connection.taken).toHaveLength(20);
});

it('bounds what all streams have under way, and lets each have one message', () => {
  const interceptor = joinMessages(LIMITS);
  const senders = Array.from({ length: 5 }, () => new Sender(interceptor));
  expect(senders.map(({ taken }) => taken)).toEqual([3, 3, 1, 1, 1]);
  senders[4]?.connection.leave();
  expect(senders[4]?.taken).toBe(2);
});

it('gives back what a call had under way when it ends, once', () => {
  const interceptor = joinMessages(LIMITS);
  const [first, second] = [new Sender(interceptor), new Sender(interceptor)];
  first.connection.end();
  first.connection.end();
  // What the connection says of them afterwards counts no more.
  first.connection.leave();
  second.connection.end();
  const third = new Sender(interceptor);
  const fourth = new Sender(interceptor);
  expect([third.taken, fourth.taken]).toEqual([3, 3]);
});

it('leaves calls with one answer as they are', () => {
  const sender = new Sender(joinMessages(LIMITS), false);
  expect([sender.taken, sender.sent]).toEqual([1, 0]);
});

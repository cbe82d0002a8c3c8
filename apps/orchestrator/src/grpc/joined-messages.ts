import { ServerInterceptingCall } from '@grpc/grpc-js';
import type { ServerInterceptingCallInterface, ServerInterceptor } from '@grpc/grpc-js';

/** How much is handed to the connections before what came first has left. */
export interface JoinLimits {
  /** Of one stream: a frame of HTTP/2, whose cost is then shared by all messages in it. */
  readonly streamBytes: number;
  /** Of all streams together: each message is copied for its stream there. */
  readonly totalBytes: number;
}

const LIMITS: JoinLimits = { streamBytes: 16 * 1024, totalBytes: 1024 * 1024 };

/** What has been handed over and has not left yet. */
interface Unwritten {
  bytes: number;
}

/**
 * Lets the messages of an event stream leave together. By itself the gRPC library hands a stream's next message over
 * when the one before has left: a frame, a system call and a turn of the event loop each, two thirds of a replay's time.
 *
 * A stream of which nothing is under way may always send one message, whatever the others hold.
 */
export function joinMessages({ streamBytes, totalBytes }: JoinLimits = LIMITS): ServerInterceptor {
  const all: Unwritten = { bytes: 0 };
  const hasRoom = (own: Unwritten): boolean => own.bytes < streamBytes && all.bytes < totalBytes;
  return ({ responseStream }, call) => {
    // The library wants no more of a call than this interface has: unary calls cost nothing.
    if (!responseStream) return call as ServerInterceptingCall;
    return new JoinedCall(call, { all, hasRoom });
  };
}

interface Room {
  readonly all: Unwritten;
  hasRoom(own: Unwritten): boolean;
}

class JoinedCall extends ServerInterceptingCall {
  readonly #room: Room;
  readonly #own: Unwritten = { bytes: 0 };
  #isOver = false;
  /** Asks for the next message. */
  #proceed: (() => void) | undefined;

  constructor(call: ServerInterceptingCallInterface, room: Room) {
    super(call, { start: (next) => next({ onCancel: () => this.#release() }) });
    this.#room = room;
  }

  override sendMessage(message: Buffer, callback: () => void): void {
    this.#add(message.length);
    super.sendMessage(message, () => {
      this.#add(-message.length);
      const proceed = this.#proceed;
      this.#proceed = undefined;
      proceed?.();
    });
    if (this.#room.hasRoom(this.#own)) callback();
    else this.#proceed = callback;
  }

  #add(bytes: number): void {
    if (this.#isOver) return;
    this.#own.bytes += bytes;
    this.#room.all.bytes += bytes;
  }

  /** The library tells when a call is over, whatever became of it; of what was under way then it says nothing more. */
  #release(): void {
    this.#add(-this.#own.bytes);
    this.#isOver = true;
  }
}

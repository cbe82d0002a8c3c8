import { Metadata } from '@grpc/grpc-js';
import type { handleServerStreamingCall, ServerWritableStream } from '@grpc/grpc-js';
import { decodeRequest } from '@orchestrator/lib';
import type { Procedure, SubscribeToEventsParam } from '@orchestrator/lib';
import { MessageTooLargeError } from '../errors.ts';
import type { EventSubscription } from '../mode.ts';
import { RunningCall } from './call-context.ts';
import type { HandlerContext } from './call-context.ts';
import type { CallScope } from './call-scope.ts';
import { type NextTurn, turnsOf } from './call-turns.ts';
import { toBuffer } from './raw-bytes.ts';
import { toWireStatus } from './status.ts';
import type { CallStatus } from './status.ts';

/** How many events are written on end, to one subscriber. */
const PIECE = 16;

type StreamHandler = handleServerStreamingCall<Buffer, Buffer>;
type EventCall = ServerWritableStream<Buffer, Buffer>;

/**
 * The handler of the event stream. A stream holds at most one batch of its subscription, the few messages that the
 * gRPC library buffers and those that are on their way together (see `joinMessages`). It never ends with OK, which existing
 * clients take for the end of all events.
 */
export function createEventStreamHandler(context: HandlerContext, procedure: Procedure): StreamHandler {
  return (call) => {
    const running = new RunningCall(context, procedure, call);
    running.run(() => follow({ context, procedure, call, running })).catch((error: unknown) => {
      const callStatus = running.fail(error);
      if (!call.cancelled) sendStatus(call, callStatus);
      running.finish(callStatus);
    });
  };
}

function sendStatus(call: EventCall, callStatus: CallStatus): void {
  const wireStatus = toWireStatus(callStatus);
  if (wireStatus.ownFrame) call.sendMetadata(new Metadata());
  // The library sends what it has buffered, then the status.
  call.emit('error', wireStatus);
}

interface Follow {
  readonly context: HandlerContext;
  readonly procedure: Procedure;
  readonly call: EventCall;
  readonly running: RunningCall;
}

async function follow(following: Follow): Promise<never> {
  const { context, procedure, call, running } = following;
  const caller = running.admit();
  const request = decodeRequest(procedure.request, call.request) as SubscribeToEventsParam;
  running.note(request);
  const opening = context.mode.subscribe(caller, request.startEventId);
  const subscription = await running.scope.wait(opening).catch((error: unknown) => {
    if (running.scope.signal.aborted) disposeLate(following, opening);
    throw error;
  });
  try {
    // A client on a quiet channel learns from this that it is connected.
    call.sendMetadata(new Metadata());
    const nextTurn = turnsOf(caller, running.scope, 'stream');
    for (;;) await sendBatch(following, nextTurn, await running.scope.wait(subscription.next()));
  } finally {
    await subscription[Symbol.asyncDispose]();
  }
}

/** The client went while its subscription was being opened. */
function disposeLate({ context, running }: Follow, opening: Promise<EventSubscription>): void {
  opening
    .then((subscription) => subscription[Symbol.asyncDispose]())
    .catch((error: unknown) => {
      context.log.debug({ error, requestId: running.info.requestId }, 'subscription of a client that went');
    });
}

async function sendBatch({ context, call, running }: Follow, nextTurn: NextTurn, batch: readonly Uint8Array[]): Promise<void> {
  // Who has left the channel, or lost its certificate's CA, gets nothing more.
  running.confirm();
  const { maxSendBytes, observer } = context;
  for (const [index, event] of batch.entries()) {
    if (index % PIECE === 0) await nextTurn();
    if (event.length > maxSendBytes) {
      throw new MessageTooLargeError({ what: 'event', bytes: event.length, limitBytes: maxSendBytes });
    }
    if (!call.write(toBuffer(event))) await drained(call, running.scope);
  }
  observer.onEventsSent(running.info, batch.length);
}

function drained(call: EventCall, scope: CallScope): Promise<void> {
  return scope.wait(new Promise((resolve) => call.once('drain', resolve)));
}

import { Metadata } from '@grpc/grpc-js';
import type { handleUnaryCall, ServerUnaryCall } from '@grpc/grpc-js';
import { decodeRequest } from '@orchestrator/lib';
import type { Procedure } from '@orchestrator/lib';
import { MessageTooLargeError } from '../errors.ts';
import { RunningCall } from './call-context.ts';
import type { HandlerContext } from './call-context.ts';
import { turnsOf } from './call-turns.ts';
import { toBuffer } from './raw-bytes.ts';
import { okStatus, toWireStatus } from './status.ts';

type UnaryHandler = handleUnaryCall<Buffer, Buffer>;

/** The handler of a unary procedure; the same for all of them. */
export function createUnaryHandler(context: HandlerContext, procedure: Procedure): UnaryHandler {
  return (call, respond) => {
    const running = new RunningCall(context, procedure, call);
    running.run(() => answer({ context, procedure, call, running })).then(
      (bytes) => {
        respond(null, toBuffer(bytes));
        running.finish(okStatus);
      },
      (error: unknown) => {
        const callStatus = running.fail(error);
        const wireStatus = toWireStatus(callStatus);
        if (wireStatus.ownFrame) call.sendMetadata(new Metadata());
        respond(wireStatus);
        running.finish(callStatus);
      },
    );
  };
}

interface Answer {
  readonly context: HandlerContext;
  readonly procedure: Procedure;
  readonly call: ServerUnaryCall<Buffer, Buffer>;
  readonly running: RunningCall;
}

async function answer({ context, procedure, call, running }: Answer): Promise<Uint8Array> {
  const caller = running.admit();
  const { scope } = running;
  const nextTurn = turnsOf(caller, scope, 'unary');
  await nextTurn();
  const request = decodeRequest(procedure.request, call.request);
  running.note(request);
  procedure.validate(request);
  const { signal, deadlineMs } = scope;
  const bytes = await scope.wait(context.mode.call({ procedure, request, caller, signal, deadlineMs }));
  const limitBytes = context.maxSendBytes;
  if (bytes.length > limitBytes) throw new MessageTooLargeError({ what: 'answer', bytes: bytes.length, limitBytes });
  await nextTurn();
  return bytes;
}

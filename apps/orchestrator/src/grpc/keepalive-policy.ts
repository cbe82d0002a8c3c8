import { constants } from 'node:http2';
import type { ServerHttp2Session } from 'node:http2';

export interface KeepalivePolicy {
  /** Pings more often than this, three times in a row, end the connection. */
  readonly minTimeMs: number;
  /** Whether clients may ping while they have no call; else twice in two hours is too often. */
  readonly permitWithoutStream: boolean;
}

const MAX_STRIKES = 3;
const MIN_TIME_WITHOUT_STREAM_MS = 2 * 60 * 60 * 1000;

/** The answer to a ping takes 17 bytes, and up to 40 more under TLS; whatever is above that was headers or data. */
const PING_ANSWER_BYTES = 64;

/**
 * Holds one connection to the policy, which the gRPC library lacks. As in gRPC's other servers, a ping after data went
 * out is always welcome: clients measure the bandwidth with those.
 */
export function enforceKeepalivePolicy(session: ServerHttp2Session, policy: KeepalivePolicy): void {
  let openStreams = 0;
  let strikes = 0;
  let lastPingMs = -Infinity;
  let lastBytesWritten = 0;

  session.on('stream', (stream) => {
    openStreams += 1;
    stream.once('close', () => {
      openStreams -= 1;
    });
  });
  session.on('ping', () => {
    const nowMs = performance.now();
    const bytesWritten = session.socket.bytesWritten;
    const idle = bytesWritten - lastBytesWritten <= PING_ANSWER_BYTES;
    const withoutStream = openStreams === 0 && !policy.permitWithoutStream;
    const minTimeMs = withoutStream ? MIN_TIME_WITHOUT_STREAM_MS : policy.minTimeMs;
    strikes = idle && nowMs - lastPingMs < minTimeMs ? strikes + 1 : 0;
    lastPingMs = nowMs;
    lastBytesWritten = bytesWritten;
    if (strikes >= MAX_STRIKES) refuse(session);
  });
}

function refuse(session: ServerHttp2Session): void {
  if (session.destroyed) return;
  session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM, 0, Buffer.from('too_many_pings'));
  // Later, so that the frame is written before the connection is gone.
  setImmediate(() => {
    session.destroy(undefined, constants.NGHTTP2_ENHANCE_YOUR_CALM);
  });
}

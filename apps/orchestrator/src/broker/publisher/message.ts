import { eventToJson } from '@orchestrator/lib';
import type { Options } from 'amqplib';

/** An event as the broker gets it. */
export interface BrokerMessage {
  readonly id: string;
  readonly body: Buffer;
  readonly properties: Options.Publish;
}

const MILLIS_PER_SECOND = 1000;

/** @param bytes an event in its wire form. @throws Error when they are none. */
export function toBrokerMessage(bytes: Uint8Array): BrokerMessage {
  const { id, assetKind, eventKind, timestamp, text } = eventToJson(bytes);
  return {
    id,
    body: Buffer.from(text),
    properties: {
      contentType: 'application/json',
      persistent: true,
      messageId: id,
      timestamp: Math.floor(Date.parse(timestamp) / MILLIS_PER_SECOND),
      type: `${assetKind}.${eventKind}`,
    },
  };
}

import { enumName } from '../assets/enum-name.ts';
import { describeMessage } from '../codec/descriptors.ts';
import { formatTimestamp } from '../codec/json-timestamp.ts';
import { writeJson } from '../codec/write-json.ts';
import { AssetKind } from '../gen/orchestrator/common.ts';
import { Event, EventKind } from '../gen/orchestrator/event.ts';

/** An event as JSON text, with what message properties repeat of it. */
export interface EventJson {
  readonly id: string;
  /** The name of the enum's value, as `ASSET_MODEL`. */
  readonly assetKind: string;
  /** The name of the enum's value, as `EVENT_ASSET_CREATED`. */
  readonly eventKind: string;
  /** RFC 3339 in UTC. */
  readonly timestamp: string;
  /** The whole event. */
  readonly text: string;
}

/**
 * The canonical protobuf JSON of an event: original field names in the order of their numbers, names of enum values,
 * fields present even when empty (an unset message is null; of a oneof only the member that is set), the keys of maps in
 * the order of their code units. The same bytes give the same text everywhere.
 *
 * @param bytes the event in its wire form.
 * @throws Error when the bytes are no event.
 */
export function eventToJson(bytes: Uint8Array): EventJson {
  const { id, assetKind, eventKind, timestamp } = Event.decode(bytes);
  return {
    id,
    assetKind: enumName(AssetKind, assetKind),
    eventKind: enumName(EventKind, eventKind),
    timestamp: timestamp === undefined ? '' : formatTimestamp(timestamp),
    text: writeJson(describeMessage('Event'), bytes),
  };
}

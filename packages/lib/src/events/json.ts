import type { JsonValue } from '@bufbuild/protobuf';
import { describeMessage } from '../codec/descriptors.ts';
import { toJsonObject, writeJson } from '../codec/write-json.ts';

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
  const descriptor = describeMessage('Event');
  const json = toJsonObject(descriptor, bytes);
  return {
    id: scalarText(json.id),
    assetKind: scalarText(json.asset_kind),
    eventKind: scalarText(json.event_kind),
    timestamp: scalarText(json.timestamp),
    text: writeJson(descriptor, json),
  };
}

/** An enum value that this version does not know is a number in JSON. */
function scalarText(value: JsonValue | undefined): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

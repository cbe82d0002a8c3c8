import { createFileRegistry, type DescField, type DescMessage, fromBinary, type JsonObject, type JsonValue, toJson } from '@bufbuild/protobuf';
import { base64Decode } from '@bufbuild/protobuf/wire';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { descriptorSetBase64 } from '../gen/descriptor-set.ts';

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

const TIMESTAMP = 'google.protobuf.Timestamp';

let eventDescriptor: DescMessage | undefined;

function describeEvent(): DescMessage {
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, base64Decode(descriptorSetBase64)));
  const found = registry.getMessage('orchestrator.Event');
  if (found === undefined) throw new Error('the contract has no message orchestrator.Event');
  return found;
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
  eventDescriptor ??= describeEvent();
  const options = { alwaysEmitImplicit: true, useProtoFieldName: true };
  const json = toJson(eventDescriptor, fromBinary(eventDescriptor, bytes), options) as JsonObject;
  return {
    id: scalarText(json.id),
    assetKind: scalarText(json.asset_kind),
    eventKind: scalarText(json.event_kind),
    timestamp: scalarText(json.timestamp),
    text: writeMessage(eventDescriptor, json),
  };
}

/** An enum value that this version does not know is a number in JSON. */
function scalarText(value: JsonValue | undefined): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

// Text is written here and not by JSON.stringify of a whole object: objects put keys that look like numbers first, and
// nobody could add a null in its place.
function writeMessage(descriptor: DescMessage, json: JsonValue): string {
  if (descriptor.typeName === TIMESTAMP) return JSON.stringify(json);
  const parts: string[] = [];
  for (const field of sortedFields(descriptor)) {
    const value = (json as JsonObject)[field.name];
    if (value !== undefined) parts.push(`${JSON.stringify(field.name)}:${writeField(field, value)}`);
    else if (field.fieldKind === 'message' && field.oneof === undefined) parts.push(`${JSON.stringify(field.name)}:null`);
  }
  return `{${parts.join(',')}}`;
}

const fieldOrders = new WeakMap<DescMessage, readonly DescField[]>();

function sortedFields(descriptor: DescMessage): readonly DescField[] {
  const known = fieldOrders.get(descriptor);
  if (known !== undefined) return known;
  const sorted = descriptor.fields.toSorted((a, b) => a.number - b.number);
  fieldOrders.set(descriptor, sorted);
  return sorted;
}

function writeField(field: DescField, value: JsonValue): string {
  if (field.fieldKind === 'map') return writeMap(field.message, value as JsonObject);
  if (field.message === undefined) return JSON.stringify(value);
  const { message } = field;
  if (field.fieldKind === 'message') return writeMessage(message, value);
  return `[${(value as JsonValue[]).map((item) => writeMessage(message, item)).join(',')}]`;
}

function writeMap(message: DescMessage | undefined, value: JsonObject): string {
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const parts = entries.map(([key, item]) => {
    const text = message === undefined ? JSON.stringify(item) : writeMessage(message, item);
    return `${JSON.stringify(key)}:${text}`;
  });
  return `{${parts.join(',')}}`;
}

import { BinaryWriter } from '@bufbuild/protobuf/wire';
import {
  type ComputeTask,
  ComputeTask as ComputeTaskCodec,
  ComputeTaskStatus,
} from '../gen/orchestrator/computetask.ts';
import { Event } from '../gen/orchestrator/event.ts';
import type { MessageCodec } from './codec.ts';

const MAX_SPARE_BYTES = 1_048_576;

/** Field numbers and wire types of the contract, as they stand before a field. */
const TASK_STATUS_TAG = 64;
const EVENT_TASK_TAG = 74;
const RESPONSE_TASKS_TAG = 10;

/** A new writer grows by doubling, five times for a task: one that has grown is kept for the next message. */
let spare: BinaryWriter | undefined;

/** The bytes that `fill` writes. It may encode other messages meanwhile. */
export function writeBytes(fill: (writer: BinaryWriter) => void): Uint8Array {
  const writer = spare ?? new BinaryWriter();
  // Not there for a second one at the same time, nor behind a failure.
  spare = undefined;
  fill(writer);
  const bytes = writer.finish();
  if (bytes.length <= MAX_SPARE_BYTES) spare = writer;
  return bytes;
}

/** The wire form of a message. */
export function encodeMessage<T>(codec: MessageCodec<T>, message: T): Uint8Array {
  return writeBytes((writer) => codec.encode(message, writer));
}

/** Tasks that have been encoded, for as long as somebody holds them. */
const taskBodies = new WeakMap<ComputeTask, Uint8Array>();

/**
 * A task without its status, encoded once: its row, its event and its place in the answer share the bytes. It must not
 * change any more.
 */
export function encodeTaskBody(task: ComputeTask): Uint8Array {
  let body = taskBodies.get(task);
  if (body === undefined) {
    body = encodeMessage(ComputeTaskCodec, { ...task, status: ComputeTaskStatus.STATUS_UNKNOWN });
    taskBodies.set(task, body);
  }
  return body;
}

/** Bytes of the status field: its tag, and a value that is below 128. */
const STATUS_BYTES = 2;

/** Writes a task as the field of a message; its status stands last, as in a stored task that is read. */
function writeTaskField(writer: BinaryWriter, tag: number, task: ComputeTask): void {
  const body = encodeTaskBody(task);
  const hasStatus = task.status !== ComputeTaskStatus.STATUS_UNKNOWN;
  writer
    .uint32(tag)
    .uint32(body.length + (hasStatus ? STATUS_BYTES : 0))
    .raw(body);
  if (hasStatus) writer.uint32(TASK_STATUS_TAG).uint32(task.status);
}

/** The wire form of the answer to RegisterTasks. */
export function encodeRegisteredTasks(tasks: readonly ComputeTask[]): Uint8Array {
  return writeBytes((writer) => {
    for (const task of tasks) writeTaskField(writer, RESPONSE_TASKS_TAG, task);
  });
}

const noEvent: Event = Event.fromPartial({});

/** The wire form of an event. */
export function encodeEvent(event: Event): Uint8Array {
  const { asset } = event;
  if (asset?.$case !== 'computeTask') return encodeMessage(Event, event);
  return writeBytes((writer) => {
    Event.encode({ ...event, asset: undefined, metadata: noEvent.metadata }, writer);
    writeTaskField(writer, EVENT_TASK_TAG, asset.value);
    if (event.metadata.size > 0) Event.encode({ ...noEvent, metadata: event.metadata }, writer);
  });
}

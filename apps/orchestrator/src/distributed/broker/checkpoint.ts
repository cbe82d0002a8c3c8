import { parseEventId } from '../events/ledger-event.ts';

/** How far a channel's events are published. */
export interface Checkpoint {
  readonly chaincode: string;
  /** What tells the ledger from others. */
  readonly ledger: string;
  /** The number of the block that holds the event. */
  readonly block: bigint;
  /** The id of the last event that the broker has confirmed. */
  readonly event: string;
  /** The event's number among all of the channel, from 1 on. */
  readonly position: bigint;
  /** The number of the tenure that wrote it. */
  readonly fence: bigint;
}

/** Checkpoints by channel. */
export type Checkpoints = ReadonlyMap<string, Checkpoint>;

/** The checkpoints can't be used as they are; the message says why and what to do. */
export class CheckpointError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'CheckpointError';
  }
}

const VERSION = 1;

/** The content of a checkpoint file, a line for each channel. */
export function formatCheckpoints(checkpoints: Checkpoints): string {
  const lines = [...checkpoints]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([channel, { chaincode, ledger, block, event, position, fence }]) => {
      const [transaction = '', index = ''] = event.split(':');
      const entry = { chaincode, ledger, block: String(block), transaction, index: Number(index), position: String(position), fence: String(fence) };
      return `    ${JSON.stringify(channel)}: ${JSON.stringify(entry)}`;
    });
  return `{\n  "version": ${VERSION},\n  "channels": {\n${lines.join(',\n')}\n  }\n}\n`;
}

/** @throws Error that says what is wrong with the text. */
export function parseCheckpoints(text: string): Checkpoints {
  const root: unknown = JSON.parse(text);
  if (!isRecord(root)) throw new Error('it is no object');
  if (root['version'] !== VERSION) throw new Error(`its version is ${JSON.stringify(root['version'])}, this server knows ${VERSION}`);
  if (!isRecord(root['channels'])) throw new Error('it has no channels');
  return new Map(Object.entries(root['channels']).map(([channel, entry]) => [channel, parseEntry(channel, entry)]));
}

function parseEntry(channel: string, entry: unknown): Checkpoint {
  if (!isRecord(entry)) throw new Error(`the entry of channel ${channel} is no object`);
  const { chaincode, ledger, transaction, index } = entry;
  const event = `${String(transaction)}:${String(index)}`;
  if (typeof chaincode !== 'string' || typeof ledger !== 'string' || parseEventId(event) === undefined) {
    throw new Error(`the entry of channel ${channel} names no event`);
  }
  const number = (name: string): bigint => {
    const value = entry[name];
    if (typeof value !== 'string' || !/^\d{1,18}$/.test(value)) throw new Error(`the entry of channel ${channel} has no ${name}`);
    return BigInt(value);
  };
  return { chaincode, ledger, block: number('block'), event, position: number('position'), fence: number('fence') };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

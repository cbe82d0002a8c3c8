import { setTimeout as delay } from 'node:timers/promises';
import type { ChaincodeEvent, ChaincodeEventsOptions, Checkpoint } from '@hyperledger/fabric-gateway';
import type { Collected, CollectOptions } from './event-collection.ts';
import type { ProbeKit } from './kit.ts';
import type { Failure, ShownBytes } from './outcomes.ts';
import { inTime } from './transactions.ts';

/** Until the events of a committed block can be read. */
const SETTLE_MS = 150;

/** An event as it is shown: its block is counted from where reading began. */
export interface ShownEvent {
  readonly block: number;
  readonly name: string;
  readonly payload: ShownBytes;
  readonly cc: string;
  readonly tx: number;
}

/** Where an event was put. */
export interface Position {
  readonly id: string;
  readonly block: bigint;
}

/** What is done, and the probe contract's events from then on. */
export async function eventsSince<T>(kit: ProbeKit, run: () => Promise<T>): Promise<{ outcome: T; events: unknown }> {
  const startBlock = await kit.height();
  const outcome = await run();
  await delay(SETTLE_MS);
  return { outcome, events: await eventsFrom(kit, startBlock) };
}

/** The probe contract's events from a block on. */
export async function eventsFrom(kit: ProbeKit, startBlock: bigint): Promise<readonly ShownEvent[]> {
  const show = (event: ChaincodeEvent): ShownEvent => ({
    block: Number(event.blockNumber - startBlock),
    name: event.eventName,
    payload: kit.asText(event.payload),
    cc: event.chaincodeName,
    tx: event.transactionId.length,
  });
  const collected = await kit.collect(() => kit.channel.getChaincodeEvents('probe', { startBlock }), { show });
  return 'opening' in collected ? [] : (collected.events as readonly ShownEvent[]);
}

/** The names of a chaincode's events; the probe contract's unless told otherwise. */
export function eventNames(
  kit: ProbeKit,
  options: ChaincodeEventsOptions,
  { chaincode = 'probe', ...more }: CollectOptions<ChaincodeEvent> & { readonly chaincode?: string } = {},
): Promise<Collected | { readonly opening: Failure }> {
  return kit.collect(() => kit.channel.getChaincodeEvents(chaincode, options), { show: ({ eventName }) => eventName, ...more });
}

/** Submits events p, q and r, one per block. */
export async function threeEvents(
  kit: ProbeKit,
): Promise<{ readonly startBlock: bigint; readonly first: Position; readonly second: Position; readonly third: Position }> {
  const startBlock = await kit.height();
  const submit = async (name: string): Promise<Position> => {
    const submitted = await kit.contract.submitAsync('evOnly', { arguments: [name, name] });
    return { id: submitted.getTransactionId(), block: (await submitted.getStatus(inTime())).blockNumber };
  };
  const [first, second, third] = [await submit('p'), await submit('q'), await submit('r')];
  await delay(SETTLE_MS);
  return { startBlock, first, second, third };
}

/** A checkpoint after a transaction, or at a block. */
export function checkpointAt(block: bigint, transactionId?: string): Checkpoint {
  return { getBlockNumber: () => block, getTransactionId: () => transactionId };
}

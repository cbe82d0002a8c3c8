import type { EventSource } from '../events/event-source.ts';
import { type Checkpoint, CheckpointError } from './checkpoint.ts';

export interface CheckpointCheck {
  /** The checkpoints' file. */
  readonly path: string;
  readonly channel: string;
  readonly chaincode: string;
  readonly checkpoint: Checkpoint | undefined;
  readonly source: EventSource;
}

/**
 * Makes sure that a checkpoint is one of this ledger: a peer that is asked to start at an unknown place stays silent for
 * ever, and from a place on another ledger events would be left out.
 *
 * @returns what tells the ledger from others.
 * @throws CheckpointError when it is not; what the ledger said when it can't tell.
 */
export async function verifyCheckpoint({ path, channel, chaincode, checkpoint, source }: CheckpointCheck): Promise<string> {
  const ledger = await source.readIdentity();
  if (checkpoint === undefined) return ledger;
  const { block, event } = checkpoint;
  const refuse = (reason: string): never => {
    throw new CheckpointError(
      `the event index ${path} does not fit channel ${channel}: ${reason}; ` +
        'put the right file back, or remove the entry of the channel to publish all its events again',
    );
  };
  if (checkpoint.chaincode !== chaincode) refuse(`it is of chaincode ${checkpoint.chaincode}, and the channel configuration names ${chaincode}`);
  if (checkpoint.ledger !== ledger) refuse(`it is of another ledger (${checkpoint.ledger}), this one is ${ledger}`);
  const height = await source.readHeight();
  if (block >= height) refuse(`it is of block ${block}, ahead of the ledger, which has ${height} blocks`);
  const found = await source.find(event);
  if (found?.block !== block) refuse(`block ${block} of the ledger has no event ${event}`);
  return ledger;
}

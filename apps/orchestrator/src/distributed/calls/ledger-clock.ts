import { common, gateway, peer } from '@hyperledger/fabric-protos';

const MICROS_PER_SECOND = 1_000_000n;
const NANOS_PER_MICRO = 1000;

/** Beyond this the monotonic clock has drifted from the wall clock, which somebody set. */
const MAX_DRIFT_MS = 5;

/** Instants of transactions in microseconds since 1970, each later than the one before. */
export class LedgerClock {
  #offsetMs = performance.timeOrigin;
  #last = 0n;

  /** The wall clock in true microseconds, or one more than the last instant. */
  next(): bigint {
    const wallMs = Date.now();
    const preciseMs = this.#offsetMs + performance.now();
    if (Math.abs(preciseMs - wallMs) > MAX_DRIFT_MS) this.#offsetMs += wallMs - preciseMs;
    const now = BigInt(Math.floor((this.#offsetMs + performance.now()) * 1000));
    this.#last = now > this.#last ? now : this.#last + 1n;
    return this.#last;
  }
}

/**
 * Gives an unsigned proposal, in the gateway's bytes, its instant: the gateway's client knows milliseconds only, and
 * lists of what was registered in one millisecond would come out in the order of random keys.
 */
export function stampProposal(bytes: Uint8Array, instant: bigint): Uint8Array {
  const transaction = gateway.ProposedTransaction.deserializeBinary(bytes);
  const signed = required(transaction.getProposal());
  const proposal = peer.Proposal.deserializeBinary(signed.getProposalBytes_asU8());
  const header = common.Header.deserializeBinary(proposal.getHeader_asU8());
  const channelHeader = common.ChannelHeader.deserializeBinary(header.getChannelHeader_asU8());
  const timestamp = required(channelHeader.getTimestamp());
  timestamp.setSeconds(Number(instant / MICROS_PER_SECOND));
  timestamp.setNanos(Number(instant % MICROS_PER_SECOND) * NANOS_PER_MICRO);
  header.setChannelHeader(channelHeader.serializeBinary());
  proposal.setHeader(header.serializeBinary());
  signed.setProposalBytes(proposal.serializeBinary());
  return transaction.serializeBinary();
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('a proposal of the gateway lacks a part');
  return value;
}

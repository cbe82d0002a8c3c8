import { common, gateway, ledger, peer } from '@hyperledger/fabric-protos';
import type { ShownBytes } from './outcomes.ts';

type Show = (bytes: Uint8Array) => ShownBytes;

/** The parts of an endorsed transaction that probes look at. */
export interface OpenedTransaction {
  readonly channelHeader: common.ChannelHeader;
  readonly endorsements: readonly peer.Endorsement[];
  readonly response: peer.ProposalResponsePayload;
  readonly action: peer.ChaincodeAction;
  readonly readWriteSet: ledger.rwset.TxReadWriteSet;
}

/** Takes an envelope apart. */
export function openTransaction(envelope: common.Envelope): OpenedTransaction {
  const payload = common.Payload.deserializeBinary(envelope.getPayload_asU8());
  const header = payload.getHeader()?.getChannelHeader_asU8() ?? new Uint8Array();
  const [first] = peer.Transaction.deserializeBinary(payload.getData_asU8()).getActionsList();
  const whole = peer.ChaincodeActionPayload.deserializeBinary(first?.getPayload_asU8() ?? new Uint8Array());
  const endorsed = whole.getAction() ?? new peer.ChaincodeEndorsedAction();
  const response = peer.ProposalResponsePayload.deserializeBinary(endorsed.getProposalResponsePayload_asU8());
  const action = peer.ChaincodeAction.deserializeBinary(response.getExtension_asU8());
  return {
    channelHeader: common.ChannelHeader.deserializeBinary(header),
    endorsements: endorsed.getEndorsementsList(),
    response,
    action,
    readWriteSet: ledger.rwset.TxReadWriteSet.deserializeBinary(action.getResults_asU8()),
  };
}

/** The read-write sets of an endorsed transaction of the client library, by namespace. */
export function readWriteSets(prepared: Uint8Array, show: Show): readonly unknown[] {
  const envelope = gateway.PreparedTransaction.deserializeBinary(prepared).getEnvelope() ?? new common.Envelope();
  return keyValueSets(openTransaction(envelope)).map(([ns, set]) => ({
    ns,
    reads: set.getReadsList().map((one) => [one.getKey(), one.hasVersion()]),
    writes: set.getWritesList().map((one) => [one.getKey(), one.getIsDelete(), show(one.getValue_asU8())]),
    ranges: set.getRangeQueriesInfoList().map((one) => ({
      startKey: one.getStartKey(),
      endKey: one.getEndKey(),
      exhausted: one.getItrExhausted(),
      rawReads:
        one
          .getRawReads()
          ?.getKvReadsList()
          .map((read) => read.getKey()) ?? null,
      merkle: one.hasReadsMerkleHashes(),
    })),
    meta: set.getMetadataWritesList().map((one) => one.getKey()),
  }));
}

/** The key-value sets of a transaction, by namespace. */
export function keyValueSets({ readWriteSet }: OpenedTransaction): readonly (readonly [string, ledger.rwset.kvrwset.KVRWSet])[] {
  return readWriteSet
    .getNsRwsetList()
    .map((one) => [one.getNamespace(), ledger.rwset.kvrwset.KVRWSet.deserializeBinary(one.getRwset_asU8())] as const);
}

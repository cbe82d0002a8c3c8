import { common, peer } from '@hyperledger/fabric-protos';

/** What a transaction is put together from. */
export interface TransactionParts {
  /** That of the proposal. */
  readonly header: common.Header;
  /** The proposal's payload without its transient data. */
  readonly publicPayload: Uint8Array;
  /** What the endorsers signed. */
  readonly responsePayload: Uint8Array;
  readonly endorsements: readonly peer.Endorsement[];
}

/** The payload of a transaction's envelope, a serialized common.Payload, to be signed by the client. */
export function transactionPayload({ header, publicPayload, responsePayload, endorsements }: TransactionParts): Uint8Array {
  const action = new peer.ChaincodeEndorsedAction();
  action.setProposalResponsePayload(responsePayload);
  action.setEndorsementsList([...endorsements]);
  const actionPayload = new peer.ChaincodeActionPayload();
  actionPayload.setChaincodeProposalPayload(publicPayload);
  actionPayload.setAction(action);
  const transactionAction = new peer.TransactionAction();
  transactionAction.setHeader(header.getSignatureHeader_asU8());
  transactionAction.setPayload(actionPayload.serializeBinary());
  const transaction = new peer.Transaction();
  transaction.addActions(transactionAction);
  const payload = new common.Payload();
  payload.setHeader(header);
  payload.setData(transaction.serializeBinary());
  return payload.serializeBinary();
}

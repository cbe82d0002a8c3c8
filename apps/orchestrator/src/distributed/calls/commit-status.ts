import type { Commit, Gateway } from '@hyperledger/fabric-gateway';
import { gateway as messages, msp } from '@hyperledger/fabric-protos';

/** Which transaction is meant. */
export interface TransactionName {
  readonly gateway: Gateway;
  readonly channel: string;
  readonly transactionId: string;
}

/** The question for a transaction's status, which does without the transaction. */
export function askForCommit({ gateway, channel, transactionId }: TransactionName): Commit {
  const { mspId, credentials } = gateway.getIdentity();
  const creator = new msp.SerializedIdentity();
  creator.setMspid(mspId);
  creator.setIdBytes(credentials);
  const request = new messages.CommitStatusRequest();
  request.setChannelId(channel);
  request.setTransactionId(transactionId);
  request.setIdentity(creator.serializeBinary());
  const signed = new messages.SignedCommitStatusRequest();
  signed.setRequest(request.serializeBinary());
  return gateway.newCommit(signed.serializeBinary());
}

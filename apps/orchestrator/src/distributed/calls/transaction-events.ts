import type { Transaction } from '@hyperledger/fabric-gateway';
import { common, gateway, peer } from '@hyperledger/fabric-protos';
import { CHAINCODE_EVENT_NAME, Event, parseEvents } from '@orchestrator/lib';

/** The events that an endorsed transaction will make; nothing is read before they are asked for. */
export function* eventsOf(transaction: Transaction): Generator<Event> {
  const envelope = gateway.PreparedTransaction.deserializeBinary(transaction.getBytes()).getEnvelope();
  const payload = common.Payload.deserializeBinary(envelope?.getPayload_asU8() ?? new Uint8Array());
  for (const action of readActions(payload.getData_asU8())) {
    const event = peer.ChaincodeEvent.deserializeBinary(action.getEvents_asU8());
    if (event.getEventName() !== CHAINCODE_EVENT_NAME) continue;
    for (const { bytes } of parseEvents(event.getPayload_asU8())) yield Event.decode(bytes);
  }
}

function readActions(data: Uint8Array): readonly peer.ChaincodeAction[] {
  return peer.Transaction.deserializeBinary(data)
    .getActionsList()
    .map((action) => {
      const endorsed = peer.ChaincodeActionPayload.deserializeBinary(action.getPayload_asU8()).getAction();
      const answered = endorsed?.getProposalResponsePayload_asU8() ?? new Uint8Array();
      const response = peer.ProposalResponsePayload.deserializeBinary(answered);
      return peer.ChaincodeAction.deserializeBinary(response.getExtension_asU8());
    });
}

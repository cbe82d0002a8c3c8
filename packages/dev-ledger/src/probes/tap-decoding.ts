import { ledger, peer } from '@hyperledger/fabric-protos';
import type { Outcomes } from './outcomes.ts';

type Show = (bytes: Uint8Array) => unknown;

/** A message of a chaincode stream in readable form. */
export type ShownMessage = Readonly<Record<string, unknown>>;

const LONG_BYTES = 200;
const LONG_KEY = 100;

const typeNames: ReadonlyMap<number, string> = new Map(Object.entries(peer.ChaincodeMessage.Type).map(([name, value]) => [value, name]));

/** Reads the messages of one chaincode stream; the form of an answer follows from the last request of its transaction. */
export class StreamDecoder {
  readonly #requests = new Map<string, string>();
  readonly #show: Show;
  readonly #normalise: Outcomes['normalise'];

  constructor({ asText, normalise }: Outcomes) {
    this.#show = (bytes) => (bytes.length > LONG_BYTES ? { bytes: bytes.length } : asText(bytes));
    this.#normalise = normalise;
  }

  decode(from: 'peer' | 'chaincode', message: peer.ChaincodeMessage): ShownMessage {
    const type = typeNames.get(message.getType()) ?? String(message.getType());
    const [transactionId, channel] = [message.getTxid(), message.getChannelId()];
    const proposal = message.getProposal();
    const event = message.getChaincodeEvent();
    return {
      from,
      type,
      ...(transactionId === '' ? {} : { txid: transactionId.length === 64 ? '<txid>' : transactionId }),
      ...(channel === '' ? {} : { channel }),
      ...(message.hasTimestamp() ? { hasTimestamp: true } : {}),
      ...(proposal === undefined
        ? {}
        : { proposal: { bytes: proposal.getProposalBytes().length > 0, signature: proposal.getSignature().length > 0 } }),
      ...(event === undefined ? {} : { event: this.#event(event) }),
      payload: this.#payload(type, transactionId, message.getPayload_asU8()),
    };
  }

  #event(event: peer.ChaincodeEvent): unknown {
    return {
      chaincodeId: this.#normalise(event.getChaincodeId()),
      txId: event.getTxId() === '' ? '' : '<txid>',
      eventName: event.getEventName(),
      payload: this.#show(event.getPayload_asU8()),
    };
  }

  #payload(type: string, transactionId: string, bytes: Uint8Array): unknown {
    try {
      if (type === 'RESPONSE') return this.#answer(this.#requests.get(transactionId), bytes);
      const decode = requests[type];
      if (decode === undefined) return this.#show(bytes);
      if (!withoutAnswer.has(type)) this.#requests.set(transactionId, type);
      return decode(bytes, this.#show, this.#normalise);
    } catch (error) {
      return { undecoded: bytes.length, why: String(error) };
    }
  }

  #answer(request: string | undefined, bytes: Uint8Array): unknown {
    switch (request) {
      case 'GET_STATE_BY_RANGE':
      case 'GET_QUERY_RESULT':
      case 'GET_HISTORY_FOR_KEY':
      case 'QUERY_STATE_CLOSE':
        return { QueryResponse: queryResponse(bytes, request) };
      case 'GET_STATE_METADATA': {
        const entries = peer.StateMetadataResult.deserializeBinary(bytes).getEntriesList();
        return { StateMetadataResult: entries.map((entry) => [entry.getMetakey(), this.#show(entry.getValue_asU8())]) };
      }
      case 'INVOKE_CHAINCODE':
        return { ChaincodeMessage: this.#calledAnswer(bytes) };
      default:
        return this.#show(bytes);
    }
  }

  #calledAnswer(bytes: Uint8Array): unknown {
    const message = peer.ChaincodeMessage.deserializeBinary(bytes);
    const inner = {
      type: typeNames.get(message.getType()),
      txid: message.getTxid() === '' ? '' : '<txid>',
      channel: message.getChannelId(),
      hasEvent: message.hasChaincodeEvent(),
    };
    try {
      return { ...inner, Response: response(message.getPayload_asU8(), this.#show, this.#normalise) };
    } catch {
      return { ...inner, payload: this.#show(message.getPayload_asU8()) };
    }
  }
}

/** No answer follows these, or, to the last, one of the form that the query before it has. */
const withoutAnswer: ReadonlySet<string> = new Set(['REGISTER', 'INIT', 'TRANSACTION', 'COMPLETED', 'QUERY_STATE_NEXT']);

const requests: Readonly<Record<string, (bytes: Uint8Array, show: Show, normalise: Outcomes['normalise']) => unknown>> = {
  REGISTER: (bytes, _show, normalise) => ({ ChaincodeID: normalise(peer.ChaincodeID.deserializeBinary(bytes).getName()) }),
  INIT: input,
  TRANSACTION: input,
  COMPLETED: (bytes, show, normalise) => ({ Response: response(bytes, show, normalise) }),
  GET_STATE: (bytes) => {
    const message = peer.GetState.deserializeBinary(bytes);
    return { key: shortKey(message.getKey()), collection: message.getCollection() };
  },
  PUT_STATE: (bytes, show) => {
    const message = peer.PutState.deserializeBinary(bytes);
    return { key: shortKey(message.getKey()), value: show(message.getValue_asU8()), collection: message.getCollection() };
  },
  DEL_STATE: (bytes) => {
    const message = peer.DelState.deserializeBinary(bytes);
    return { key: shortKey(message.getKey()), collection: message.getCollection() };
  },
  GET_STATE_BY_RANGE: rangeRequest,
  GET_QUERY_RESULT: (bytes, show) => show(bytes),
  GET_HISTORY_FOR_KEY: (bytes) => ({ key: peer.GetHistoryForKey.deserializeBinary(bytes).getKey() }),
  QUERY_STATE_NEXT: (bytes) => ({ idPresent: peer.QueryStateNext.deserializeBinary(bytes).getId() !== '' }),
  QUERY_STATE_CLOSE: (bytes) => ({ idPresent: peer.QueryStateClose.deserializeBinary(bytes).getId() !== '' }),
  GET_STATE_METADATA: (bytes) => ({ key: peer.GetStateMetadata.deserializeBinary(bytes).getKey() }),
  PUT_STATE_METADATA: (bytes, show) => {
    const message = peer.PutStateMetadata.deserializeBinary(bytes);
    const metadata = message.getMetadata();
    return { key: message.getKey(), metakey: metadata?.getMetakey(), value: show(metadata?.getValue_asU8() ?? new Uint8Array()) };
  },
  INVOKE_CHAINCODE: (bytes, show) => {
    const spec = peer.ChaincodeSpec.deserializeBinary(bytes);
    const args = spec.getInput()?.getArgsList_asU8() ?? [];
    return { name: spec.getChaincodeId()?.getName(), type: spec.getType(), args: args.map(show) };
  },
};

function shortKey(key: string): unknown {
  return key.length > LONG_KEY ? { chars: key.length } : key;
}

function input(bytes: Uint8Array, show: Show): unknown {
  const message = peer.ChaincodeInput.deserializeBinary(bytes);
  const decorations = message.getDecorationsMap().getEntryList() as readonly (readonly [string, Uint8Array])[];
  return {
    args: message.getArgsList_asU8().map(show),
    isInit: message.getIsInit(),
    decorations: decorations.map(([key, value]) => [key, show(value)]),
  };
}

function response(bytes: Uint8Array, show: Show, normalise: Outcomes['normalise']): unknown {
  const message = peer.Response.deserializeBinary(bytes);
  return { status: message.getStatus(), message: normalise(message.getMessage()), payload: show(message.getPayload_asU8()) };
}

function rangeRequest(bytes: Uint8Array): unknown {
  const message = peer.GetStateByRange.deserializeBinary(bytes);
  const metadata = message.getMetadata_asU8();
  const query = metadata.length === 0 ? undefined : peer.QueryMetadata.deserializeBinary(metadata);
  return {
    startKey: message.getStartkey(),
    endKey: message.getEndkey(),
    collection: message.getCollection(),
    metadata: query === undefined ? null : { pageSize: query.getPagesize(), bookmark: query.getBookmark() },
  };
}

function queryResponse(bytes: Uint8Array, request: string): unknown {
  const message = peer.QueryResponse.deserializeBinary(bytes);
  const results = message.getResultsList();
  const metadata = message.getMetadata_asU8();
  const page = metadata.length === 0 ? undefined : peer.QueryResponseMetadata.deserializeBinary(metadata);
  return {
    results: results.length,
    first: results[0] === undefined ? null : firstOf(results[0].getResultbytes_asU8(), request),
    hasMore: message.getHasMore(),
    idPresent: message.getId() !== '',
    metadata: page === undefined ? null : { fetchedRecordsCount: page.getFetchedRecordsCount(), bookmark: page.getBookmark() },
  };
}

function firstOf(bytes: Uint8Array, request: string): unknown {
  if (request === 'GET_HISTORY_FOR_KEY') return 'KeyModification';
  const record = ledger.queryresult.KV.deserializeBinary(bytes);
  return { namespace: record.getNamespace(), key: record.getKey() };
}

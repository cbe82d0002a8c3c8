import { peer } from '@hyperledger/fabric-protos';
import type { TransactionSimulator } from '../state/simulator.ts';
import type { Invocation, InvokeChaincode } from './invocation.ts';
import { modifications, type OpenQueries, records } from './query-results.ts';
import { CANNOT_PARSE } from '../wire-text.ts';

const Type = peer.ChaincodeMessage.Type;

/** A transaction as far as one chaincode sees it. */
export interface ChaincodeTransaction {
  readonly invocation: Invocation;
  readonly namespace: string;
  readonly simulator: TransactionSimulator;
  readonly isInit: boolean;
  readonly queries: OpenQueries;
}

type Reply = Uint8Array | Promise<Uint8Array>;
type Handler = (transaction: ChaincodeTransaction, payload: Uint8Array) => Reply;

const NOTHING = new Uint8Array();

/** What a chaincode may ask its peer, by message type. The words of the errors are Fabric's. */
export function requestHandlers(invoke: InvokeChaincode): ReadonlyMap<number, { readonly name: string; readonly handle: Handler }> {
  const handlers: Readonly<Record<string, Handler>> = {
    GET_STATE: getState,
    PUT_STATE: putState,
    DEL_STATE: deleteState,
    GET_STATE_BY_RANGE: getStateByRange,
    GET_QUERY_RESULT: getQueryResult,
    GET_HISTORY_FOR_KEY: getHistoryForKey,
    QUERY_STATE_NEXT: ({ queries }, payload) => queries.next(decode(payload, peer.QueryStateNext).getId()),
    QUERY_STATE_CLOSE: ({ queries }, payload) => queries.close(decode(payload, peer.QueryStateClose).getId()),
    GET_PRIVATE_DATA_HASH: ({ namespace }, payload) => {
      const collection = decode(payload, peer.GetState).getCollection();
      throw new Error(`collection [${collection}] not defined in the collection config for chaincode [${namespace}]`);
    },
    GET_STATE_METADATA: getStateMetadata,
    PUT_STATE_METADATA: putStateMetadata,
    INVOKE_CHAINCODE: (transaction, payload) => invokeChaincode(transaction, payload, invoke),
  };
  return new Map(Object.entries(handlers).map(([name, handle]) => [Type[name as keyof typeof Type], { name, handle }]));
}

function getState(transaction: ChaincodeTransaction, payload: Uint8Array): Reply {
  const message = decode(payload, peer.GetState);
  const key = wellFormed(message.getKey());
  if (message.getCollection() !== '') return refuseCollection(transaction, message.getCollection());
  return transaction.simulator.get(transaction.namespace, key) ?? NOTHING;
}

function putState(transaction: ChaincodeTransaction, payload: Uint8Array): Reply {
  const message = decode(payload, peer.PutState);
  const key = wellFormed(message.getKey());
  if (message.getCollection() !== '') return refuseCollection(transaction, message.getCollection());
  transaction.simulator.write(transaction.namespace, key, message.getValue_asU8());
  return NOTHING;
}

function deleteState(transaction: ChaincodeTransaction, payload: Uint8Array): Reply {
  const message = decode(payload, peer.DelState);
  const key = wellFormed(message.getKey());
  if (message.getCollection() !== '') return refuseCollection(transaction, message.getCollection());
  transaction.simulator.write(transaction.namespace, key, undefined);
  return NOTHING;
}

function getStateByRange(transaction: ChaincodeTransaction, payload: Uint8Array): Reply {
  const message = decode(payload, peer.GetStateByRange);
  const [start, end] = [wellFormed(message.getStartkey()), wellFormed(message.getEndkey())];
  if (message.getCollection() !== '') return refuseCollection(transaction, message.getCollection());
  const { namespace, simulator, queries } = transaction;
  const metadata = peer.QueryMetadata.deserializeBinary(message.getMetadata_asU8());
  const [size, bookmark] = [metadata.getPagesize(), metadata.getBookmark()];
  if (size === 0 && bookmark === '') return queries.open(records(namespace, simulator.range(namespace, { start, end })));
  // The bookmark is the start key as it is, even outside of the range.
  const page = simulator.page(namespace, { start: bookmark === '' ? start : bookmark, end });
  return queries.open(records(namespace, page), { bookmark: page.bookmark, size });
}

function getQueryResult(transaction: ChaincodeTransaction, payload: Uint8Array): Reply {
  const collection = decode(payload, peer.GetQueryResult).getCollection();
  if (collection !== '') return refuseCollection(transaction, collection);
  return transaction.simulator.query();
}

function getHistoryForKey({ simulator, namespace, queries }: ChaincodeTransaction, payload: Uint8Array): Reply {
  const key = wellFormed(decode(payload, peer.GetHistoryForKey).getKey());
  return queries.open(modifications(simulator.history(namespace, key)));
}

function getStateMetadata(transaction: ChaincodeTransaction, payload: Uint8Array): Reply {
  const message = decode(payload, peer.GetStateMetadata);
  if (message.getCollection() !== '') return refuseCollection(transaction, message.getCollection());
  const found = transaction.simulator.metadata(transaction.namespace, wellFormed(message.getKey()));
  const result = new peer.StateMetadataResult();
  for (const [name, value] of found ?? []) {
    const entry = new peer.StateMetadata();
    entry.setMetakey(name);
    entry.setValue(value);
    result.addEntries(entry);
  }
  return result.serializeBinary();
}

function putStateMetadata(transaction: ChaincodeTransaction, payload: Uint8Array): Reply {
  const message = decode(payload, peer.PutStateMetadata);
  if (message.getCollection() !== '') return refuseCollection(transaction, message.getCollection());
  const metadata = message.getMetadata() ?? new peer.StateMetadata();
  const { simulator, namespace } = transaction;
  simulator.writeMetadata(namespace, wellFormed(message.getKey()), new Map([[metadata.getMetakey(), metadata.getValue_asU8()]]));
  return NOTHING;
}

async function invokeChaincode(
  { invocation, namespace }: ChaincodeTransaction,
  payload: Uint8Array,
  invoke: InvokeChaincode,
): Promise<Uint8Array> {
  const spec = decode(payload, peer.ChaincodeSpec);
  const [target = '', channel = ''] = (spec.getChaincodeId()?.getName() ?? '').split('/', 2);
  const [name = ''] = target.split(':', 1);
  const answer = await invoke({
    invocation: { ...invocation, caller: invocation.caller ?? namespace },
    channel: channel === '' ? invocation.channel : channel,
    name,
    input: spec.getInput() ?? new peer.ChaincodeInput(),
  });
  return answer.serializeBinary();
}

/** Private data needs collections, and no definition of this ledger has any. */
function refuseCollection({ invocation, namespace, isInit }: ChaincodeTransaction, collection: string): never {
  if (isInit) throw new Error('private data APIs are not allowed in chaincode Init()');
  throw new Error(`collection ${invocation.channel}/${namespace}/${collection} could not be found`);
}

interface Decoder<T> {
  deserializeBinary: (bytes: Uint8Array) => T;
}

function decode<T>(payload: Uint8Array, decoder: Decoder<T>): T {
  try {
    return decoder.deserializeBinary(payload);
  } catch {
    throw new Error(`unmarshal failed: ${CANNOT_PARSE}`);
  }
}

/** Fabric's decoder wants UTF-8, where that of the shim writes half a surrogate pair as it is. */
function wellFormed(text: string): string {
  if (!text.isWellFormed()) throw new Error('unmarshal failed: string field contains invalid UTF-8');
  return text;
}

import { common, peer } from '@hyperledger/fabric-protos';
import { blockMessage, type CommittedBlock } from '../chain/block.ts';
import type { PeerChannel } from '../peer/peer-channel.ts';
import type { ChaincodeCall } from './invocation.ts';
import { failure, success } from './responses.ts';
import type { SystemContext } from './system.ts';

const LATEST = 18_446_744_073_709_551_615n;

/** qscc: blocks and transactions of a channel. */
export function queryAnswer({ invocation }: ChaincodeCall, args: readonly Uint8Array[], { channels }: SystemContext): peer.Response {
  if (args.length < 2) return failure(`Incorrect number of arguments, ${args.length}`);
  if (invocation.caller !== undefined) {
    return failure(
      `Rejecting invoke of QSCC from another chaincode because of potential for deadlocks, original invocation for '${invocation.caller}'`,
    );
  }
  const [name = '', channelId = '', text = ''] = args.map((bytes) => Buffer.from(bytes).toString());
  const argument = args[2];
  if (name !== 'GetChainInfo' && argument === undefined) return failure(`missing 3rd argument for ${name}`);
  const channel = channels.get(channelId);
  if (channel === undefined) return failure(`Invalid chain ID, ${channelId}`);
  const query = queries.get(name);
  return query === undefined ? failure(`Requested function ${name} not found.`) : query(channel, text, argument ?? new Uint8Array());
}

type Query = (channel: PeerChannel, text: string, bytes: Uint8Array) => peer.Response;

const queries: ReadonlyMap<string, Query> = new Map<string, Query>([
  ['GetChainInfo', (channel) => success(chainInfo(channel).serializeBinary())],
  ['GetBlockByNumber', blockByNumber],
  ['GetBlockByHash', blockByHash],
  ['GetBlockByTxID', blockByTransaction],
  ['GetTransactionByID', transactionById],
]);

function chainInfo(channel: PeerChannel): common.BlockchainInfo {
  const last = channel.block(channel.height - 1);
  const info = new common.BlockchainInfo();
  info.setHeight(channel.height);
  info.setCurrentblockhash(last?.hash ?? new Uint8Array());
  info.setPreviousblockhash(last?.previousHash ?? new Uint8Array());
  return info;
}

function blockByNumber(channel: PeerChannel, text: string): peer.Response {
  if (!/^\d+$/.test(text)) return failure(`Failed to parse block number with error strconv.ParseUint: parsing "${text}": invalid syntax`);
  const number = BigInt(text) === LATEST ? channel.height - 1 : Number(text);
  const block = channel.block(number);
  return block === undefined
    ? failure(`Failed to get block number ${number}, error no such block number [${number}] in index`)
    : found(block);
}

function blockByHash(channel: PeerChannel, text: string, hash: Uint8Array): peer.Response {
  const number = channel.chain.numberOf(hash);
  const block = number === undefined ? undefined : channel.block(number);
  if (block !== undefined) return found(block);
  return failure(`Failed to get block hash ${text}, error no such block hash [${Buffer.from(hash).toString('hex')}] in index`);
}

function blockByTransaction(channel: PeerChannel, id: string): peer.Response {
  const place = channel.place(id);
  const block = place && channel.block(place.block);
  return block === undefined ? failure(`Failed to get block for txID ${id}, error no such transaction ID [${id}] in index`) : found(block);
}

function transactionById(channel: PeerChannel, id: string): peer.Response {
  const place = channel.place(id);
  const block = place && channel.block(place.block);
  const transaction = block?.transactions[place?.index ?? -1];
  if (block === undefined || place === undefined || transaction === undefined) {
    return failure(`Failed to get transaction with id ${id}, error no such transaction ID [${id}] in index`);
  }
  const processed = new peer.ProcessedTransaction();
  processed.setTransactionenvelope(common.Envelope.deserializeBinary(transaction.bytes));
  processed.setValidationcode(block.codes[place.index] ?? 0);
  return success(processed.serializeBinary());
}

function found(block: CommittedBlock): peer.Response {
  return success(blockMessage(block).serializeBinary());
}

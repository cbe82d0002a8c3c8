import { common } from '@hyperledger/fabric-protos';
import { sha256 } from '../crypto/ecdsa.ts';
import type { ChainTransaction } from './transaction.ts';

/** A block as the orderer cut it: the same at all peers. */
export interface OrderedBlock {
  readonly number: number;
  readonly previousHash: Uint8Array;
  readonly dataHash: Uint8Array;
  readonly hash: Uint8Array;
  readonly transactions: readonly ChainTransaction[];
}

/** A block with the verdict on each of its transactions. */
export interface CommittedBlock extends OrderedBlock {
  /** TxValidationCodes. */
  readonly codes: readonly number[];
  readonly commitHash: Uint8Array;
}

/** The next block, of these transactions; hashes as Fabric computes them. */
export function orderedBlock(number: number, previousHash: Uint8Array, transactions: readonly ChainTransaction[]): OrderedBlock {
  const dataHash = sha256(...transactions.map(({ bytes }) => bytes));
  return { number, previousHash, dataHash, hash: headerHash(number, previousHash, dataHash), transactions };
}

/** SHA-256 of the header's DER: SEQUENCE { INTEGER number, OCTET STRING previous hash, OCTET STRING data hash }. */
function headerHash(number: number, previousHash: Uint8Array, dataHash: Uint8Array): Buffer {
  const hex = number.toString(16);
  const digits = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  const positive = (digits[0] ?? 0) > 0x7f ? Buffer.concat([Buffer.from([0]), digits]) : digits;
  return sha256(der(0x30, Buffer.concat([der(0x02, positive), der(0x04, previousHash), der(0x04, dataHash)])));
}

function der(tag: number, content: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([tag, content.length]), content]);
}

/** The block with its verdicts; the commit hash chains them. */
export function commitBlock(block: OrderedBlock, codes: readonly number[], previousCommitHash: Uint8Array): CommittedBlock {
  // Fabric hashes the update batch too; here the validation codes and the data, which decide it, stand for it.
  const commitHash = sha256(Uint8Array.from(codes), block.dataHash, previousCommitHash);
  return { ...block, codes, commitHash };
}

/** The block as a common.Block with its metadata: signatures, none, validation codes, none, commit hash. */
export function blockMessage(block: CommittedBlock): common.Block {
  const header = new common.BlockHeader();
  header.setNumber(block.number);
  header.setPreviousHash(block.previousHash);
  header.setDataHash(block.dataHash);
  const data = new common.BlockData();
  data.setDataList(block.transactions.map(({ bytes }) => bytes));
  const metadata = new common.BlockMetadata();
  metadata.setMetadataList([signatures(), new Uint8Array(), Uint8Array.from(block.codes), new Uint8Array(), valueOf(block.commitHash)]);
  const message = new common.Block();
  message.setHeader(header);
  message.setData(data);
  message.setMetadata(metadata);
  return message;
}

function signatures(): Uint8Array {
  const lastConfig = new common.LastConfig();
  lastConfig.setIndex(0);
  const value = new common.OrdererBlockMetadata();
  value.setLastConfig(lastConfig);
  return valueOf(value.serializeBinary());
}

function valueOf(bytes: Uint8Array): Uint8Array {
  const metadata = new common.Metadata();
  metadata.setValue(bytes);
  return metadata.serializeBinary();
}

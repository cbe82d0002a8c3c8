import { setTimeout as delay } from 'node:timers/promises';
import { common, msp, peer } from '@hyperledger/fabric-protos';
import { keyValueSets, openTransaction, readWriteSets } from '../blocks.ts';
import type { Collected } from '../event-collection.ts';
import type { ProbeKit } from '../kit.ts';
import { type Probe, probe } from '../probe.ts';
import { sha256 } from '../proposals.ts';
import { inTime } from '../transactions.ts';

async function shape(kit: ProbeKit): Promise<unknown> {
  const submitted = await kit.contract.submitAsync('put', { arguments: ['blk', '1'] });
  const { blockNumber } = await submitted.getStatus(inTime());
  const collected = await kit.collect(() => kit.channel.getBlockEvents({ startBlock: blockNumber }), { max: 1 });
  const [block] = (collected as Collected).events as readonly common.Block[];
  if (block === undefined) return collected;
  return { ...showBlock(block), ...showTransaction(kit, block) };
}

function showBlock(block: common.Block): object {
  const metadata = block.getMetadata()?.getMetadataList_asU8() ?? [];
  const data = block.getData()?.getDataList_asU8() ?? [];
  return {
    dataHashIsSha256OfData: sha256(Buffer.concat(data)).equals(block.getHeader()?.getDataHash_asU8() ?? new Uint8Array()),
    previousHashLength: block.getHeader()?.getPreviousHash_asU8().length,
    metadataEntries: metadata.map((entry) => entry.length > 0),
    filter: Buffer.from(metadata[2] ?? []).toString('hex'),
    commitHashLength: metadata[4]?.length,
  };
}

function showTransaction(kit: ProbeKit, block: common.Block): object {
  const data = block.getData()?.getDataList_asU8() ?? [];
  const opened = openTransaction(common.Envelope.deserializeBinary(data[0] ?? new Uint8Array()));
  const { channelHeader, action, readWriteSet, response } = opened;
  const extension = peer.ChaincodeHeaderExtension.deserializeBinary(channelHeader.getExtension_asU8());
  return {
    type: channelHeader.getType(),
    version: channelHeader.getVersion(),
    extensionName: extension.getChaincodeId()?.getName(),
    tlsCertHashLength: channelHeader.getTlsCertHash_asU8().length,
    endorsements: opened.endorsements.map((one) => msp.SerializedIdentity.deserializeBinary(one.getEndorser_asU8()).getMspid()).toSorted(),
    ccInAction: action.getChaincodeId()?.toObject(),
    response: showResponse(kit, action.getResponse() ?? new peer.Response()),
    eventsBytes: action.getEvents_asU8().length,
    dataModel: readWriteSet.getDataModel(),
    kv: keyValueSets(opened).map(([namespace, set]) => ({
      namespace,
      reads: set.getReadsList().map((one) => ({ key: one.getKey(), hasVersion: one.hasVersion() })),
      writes: set
        .getWritesList()
        .map((one) => ({ key: one.getKey(), isDelete: one.getIsDelete(), value: kit.asText(one.getValue_asU8()) })),
    })),
    proposalHashLength: response.getProposalHash_asU8().length,
  };
}

function showResponse(kit: ProbeKit, response: peer.Response): object {
  return { status: response.getStatus(), message: response.getMessage(), payload: kit.asText(response.getPayload_asU8()) };
}

/** What is called for its read-write set, by the name under which golden.json has it. */
const readWriteCalls: Readonly<Record<string, readonly [string, ...string[]]>> = {
  rmwNew: ['rmw', 'rwsnew'],
  rmwOld: ['rmw', 'rwsk'],
  del: ['del', 'rwsk'],
  ryow: ['ryow', 'rwsk', 'z'],
  putMany: ['putMany', 'b', '3'],
  range: ['range', 'rws-', 'rws-~'],
  rangeFirst: ['rangeFirst', 'rws-', 'rws-~', '1'],
  rangeEmpty: ['range', 'rwt', 'rwu'],
  noState: ['retString', 'x'],
  page: ['page', 'rws-', 'rws-~', '2', ''],
  history: ['history', 'rwsk'],
  idxScan: ['idxScan', 'idx', '["p"]'],
  emptyValue: ['put', 'rwsk', ''],
  vp: ['setVPOrg', 'rwsk', 'MyOrg1MSP'],
  getVP: ['getVP', 'rwsk'],
  readKeyTwice: ['getPut', 'rwsk', 'rwsk'],
};

async function readWrite(kit: ProbeKit): Promise<unknown> {
  await kit.submit('putMany', 'rws-', '3');
  await kit.submit('put', 'rwsk', '1');
  const outcomes: Record<string, unknown> = {};
  for (const [name, [called, ...args]] of Object.entries(readWriteCalls)) {
    outcomes[name] = readWriteSets((await kit.prepare(called, args)).getBytes(), kit.asText);
  }
  return outcomes;
}

function shownActions(transaction: peer.FilteredTransaction): unknown {
  const actions = transaction.getTransactionActions()?.getChaincodeActionsList() ?? [];
  return actions.map((action) => {
    const event = action.getChaincodeEvent()?.toObject();
    return { ...event, txId: event?.txId.length };
  });
}

async function filtered(kit: ProbeKit): Promise<unknown> {
  const startBlock = await kit.height();
  await kit.submit('evOnly', 'fe', 'payload');
  await kit.stages(kit.contract, 'put', ['x', '1'], { endorsingOrganizations: ['MyOrg1MSP'] });
  await delay(150);
  return kit.collect(() => kit.channel.getFilteredBlockEvents({ startBlock }), {
    idleMs: 500,
    show: (block) => ({
      channel: block.getChannelId(),
      tx: block.getFilteredTransactionsList().map((one) => ({
        txid: one.getTxid().length,
        type: one.getType(),
        code: one.getTxValidationCode(),
        actions: shownActions(one),
      })),
    }),
  });
}

async function future(kit: ProbeKit, beyond: bigint): Promise<unknown> {
  const height = await kit.height();
  return kit.collect(() => kit.channel.getBlockEvents({ startBlock: height + beyond }), {
    show: (block) => Number(BigInt(block.getHeader()?.getNumber() ?? 0) - height),
    after: async () => {
      await kit.submit('put', 'bf', '1');
      await kit.submit('put', 'bf', '2');
      return 'two blocks';
    },
  });
}

/** The first block with private data for organization 1: its approval of a definition. */
async function withPrivateData(kit: ProbeKit): Promise<unknown> {
  const collected = await kit.collect(() => kit.channel.getBlockAndPrivateDataEvents({ startBlock: 1n }), {
    max: 10,
    show: (block) => ({ hasBlock: block.hasBlock(), privateData: block.getPrivateDataMapMap().getLength() }),
  });
  if ('opening' in collected) return collected;
  const events = collected.events as readonly { readonly privateData: number }[];
  return { ...collected, events: events.filter(({ privateData }) => privateData > 0).slice(0, 1) };
}

/** Blocks: their content, and streams of them. */
export const blocks: readonly Probe[] = [
  probe('blk.shape', 'the block of one transaction: header, metadata, envelope types', shape),
  probe(
    'blk.rwset',
    'read-write sets of: rmw (new key), rmw (old key), del, range, rmw and put of one key twice, put of several keys (order)',
    readWrite,
  ),
  probe('blk.filtered', 'filtered block of an event transaction and of a failed one', filtered),
  probe('blk.zero', 'first block of the channel', (kit) =>
    kit.collect(() => kit.channel.getFilteredBlockEvents({ startBlock: 0n }), {
      max: 1,
      show: (block) => ({
        number: block.getNumber(),
        tx: block.getFilteredTransactionsList().map((one) => ({
          txidLength: one.getTxid().length,
          type: one.getType(),
          code: one.getTxValidationCode(),
        })),
      }),
    }),
  ),
  probe('blk.future', 'block events from height, and from height + 1', async (kit) => ({
    'height+0': await future(kit, 0n),
    'height+1': await future(kit, 1n),
  })),
  probe('blk.unknownChannel', 'block events of an unknown channel', (kit) =>
    kit.collect(() => kit.org1.gateway.getNetwork('nosuch').getBlockEvents({ startBlock: 0n })),
  ),
  probe('blk.private', 'block and private data events', withPrivateData),
  probe('blk.unknownCA', 'block events with an identity of an unknown CA', (kit) =>
    kit.collect(() => kit.connections.connect(1, kit.stranger).network.getBlockEvents({ startBlock: 0n })),
  ),
];

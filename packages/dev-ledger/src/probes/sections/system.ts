import { common, peer } from '@hyperledger/fabric-protos';
import { mainChannel } from '../connections.ts';
import type { ProbeKit } from '../kit.ts';
import { probe, type Section } from '../probe.ts';
import { makeProposal } from '../proposals.ts';
import { inTime } from '../transactions.ts';

const { lifecycle } = peer;
const unknownId = 'ab'.repeat(32);
const nothing = Buffer.alloc(0);

/** What is asked for: a valid transaction, its block, an invalid transaction. */
interface Known {
  readonly id: string;
  readonly block: bigint;
  readonly invalidId: string;
}

const knownByKit = new WeakMap<ProbeKit, Promise<Known>>();

function known(kit: ProbeKit): Promise<Known> {
  const made = knownByKit.get(kit) ?? makeKnown(kit);
  knownByKit.set(kit, made);
  return made;
}

async function makeKnown(kit: ProbeKit): Promise<Known> {
  const submitted = await kit.contract.submitAsync('put', { arguments: ['sys', '1'] });
  const { blockNumber } = await submitted.getStatus(inTime());
  const key = kit.fresh('sysinv');
  const invalid = await kit.prepare('rmw', [key]);
  await kit.submit('rmw', key);
  await kit.commitAll([invalid]);
  return { id: submitted.getTransactionId(), block: blockNumber, invalidId: invalid.getTransactionId() };
}

/** A call of a system chaincode on the main channel. */
function ask(kit: ProbeKit, chaincode: string, name: string, ...args: readonly (string | Uint8Array)[]): Promise<Uint8Array> {
  return kit.org1.chaincode(chaincode).evaluateTransaction(name, ...args);
}

function showBlock(expected: bigint): (bytes: Uint8Array) => unknown {
  return (bytes) => {
    const block = common.Block.deserializeBinary(bytes);
    return {
      number: BigInt(block.getHeader()?.getNumber() ?? -1) === expected ? 'the block' : 'another',
      txs: block.getData()?.getDataList().length,
      filter: Buffer.from(block.getMetadata()?.getMetadataList_asU8()[2] ?? []).toString('hex'),
    };
  };
}

function showTransaction(bytes: Uint8Array): unknown {
  const transaction = peer.ProcessedTransaction.deserializeBinary(bytes);
  const envelope = transaction.getTransactionenvelope();
  return {
    code: transaction.getValidationcode(),
    envelope: envelope !== undefined,
    signature: (envelope?.getSignature_asU8().length ?? 0) > 60,
  };
}

async function chainInfo(kit: ProbeKit): Promise<unknown> {
  const { block } = await known(kit);
  const show = (bytes: Uint8Array): unknown => {
    const info = common.BlockchainInfo.deserializeBinary(bytes);
    return {
      heightAboveBlock: BigInt(info.getHeight()) > block,
      currentHash: info.getCurrentblockhash_asU8().length,
      previousHash: info.getPreviousblockhash_asU8().length,
      snapshot: info.hasBootstrappingsnapshotinfo(),
    };
  };
  return {
    ok: await kit.outAs(ask(kit, 'qscc', 'GetChainInfo', mainChannel), show),
    unknownChannel: await kit.out(ask(kit, 'qscc', 'GetChainInfo', 'nosuch')),
    noArgs: await kit.out(ask(kit, 'qscc', 'GetChainInfo')),
    otherChannel: await kit.outAs(ask(kit, 'qscc', 'GetChainInfo', 'yourchannel'), () => 'ok'),
  };
}

async function blockByNumber(kit: ProbeKit): Promise<unknown> {
  const { block } = await known(kit);
  const byNumber = (...args: readonly string[]): Promise<Uint8Array> => ask(kit, 'qscc', 'GetBlockByNumber', mainChannel, ...args);
  return {
    ok: await kit.outAs(byNumber(String(block)), showBlock(block)),
    beyond: await kit.out(byNumber('999999')),
    nan: await kit.out(byNumber('x')),
    empty: await kit.out(byNumber('')),
    noArg: await kit.out(byNumber()),
    max: await kit.outAs(byNumber('18446744073709551615'), () => 'a block'),
  };
}

async function blockByHash(kit: ProbeKit): Promise<unknown> {
  const { block } = await known(kit);
  const next = common.Block.deserializeBinary(await ask(kit, 'qscc', 'GetBlockByNumber', mainChannel, String(block + 1n)));
  const hash = next.getHeader()?.getPreviousHash_asU8() ?? nothing;
  return {
    ok: await kit.outAs(ask(kit, 'qscc', 'GetBlockByHash', mainChannel, hash), showBlock(block)),
    unknown: await kit.out(ask(kit, 'qscc', 'GetBlockByHash', mainChannel, Buffer.alloc(32))),
  };
}

async function configuration(kit: ProbeKit): Promise<unknown> {
  const channels = (bytes: Uint8Array): readonly string[] =>
    peer.ChannelQueryResponse.deserializeBinary(bytes)
      .getChannelsList()
      .map((one) => one.getChannelId())
      .toSorted();
  const blockNumber = (bytes: Uint8Array): string => `block ${common.Block.deserializeBinary(bytes).getHeader()?.getNumber()}`;
  const sequence = (bytes: Uint8Array): string => `config sequence ${common.Config.deserializeBinary(bytes).getSequence()}`;
  const withoutChannel = await makeProposal(kit.user, { channel: '', chaincode: 'cscc', args: ['GetChannels'] });
  return {
    GetChannels: await kit.outAs(ask(kit, 'cscc', 'GetChannels'), channels),
    GetConfigBlock: await kit.outAs(ask(kit, 'cscc', 'GetConfigBlock', mainChannel), blockNumber),
    GetConfigBlockUnknown: await kit.out(ask(kit, 'cscc', 'GetConfigBlock', 'nosuch')),
    GetChannelConfig: await kit.outAs(ask(kit, 'cscc', 'GetChannelConfig', mainChannel), sequence),
    unknown: await kit.out(ask(kit, 'cscc', 'Nope')),
    noChannelProposal: await kit.byHand.evaluate(1, withoutChannel),
  };
}

function showDefinition(bytes: Uint8Array): unknown {
  const definition = lifecycle.QueryChaincodeDefinitionResult.deserializeBinary(bytes);
  const approvals = definition.getApprovalsMap().toArray() as [string, boolean][];
  return {
    sequence: definition.getSequence(),
    version: definition.getVersion(),
    endorsementPlugin: definition.getEndorsementPlugin(),
    validationPlugin: definition.getValidationPlugin(),
    validationParameterBytes: definition.getValidationParameter_asU8().length > 0,
    collections: definition.hasCollections(),
    initRequired: definition.getInitRequired(),
    approvals: approvals.toSorted(([a], [b]) => (a < b ? -1 : 1)),
  };
}

function showDefinitions(bytes: Uint8Array): readonly string[] {
  const definitions = lifecycle.QueryChaincodeDefinitionsResult.deserializeBinary(bytes).getChaincodeDefinitionsList();
  return definitions.map((one) => one.getName()).toSorted();
}

function showInstalled(bytes: Uint8Array): readonly string[] {
  const installed = lifecycle.QueryInstalledChaincodesResult.deserializeBinary(bytes).getInstalledChaincodesList();
  return installed.map((one) => one.getLabel()).toSorted();
}

async function definitions(kit: ProbeKit): Promise<unknown> {
  const askLifecycle = (name: string, ...args: readonly Uint8Array[]): Promise<Uint8Array> => ask(kit, '_lifecycle', name, ...args);
  const definition = (name: string): Promise<Uint8Array> => {
    const request = new lifecycle.QueryChaincodeDefinitionArgs();
    request.setName(name);
    return askLifecycle('QueryChaincodeDefinition', request.serializeBinary());
  };
  const asAdmin = kit.connections.connect(1, kit.connections.user(1, 'admin')).chaincode('_lifecycle');
  return {
    one: await kit.outAs(definition('probe'), showDefinition),
    half: await kit.outAs(definition('halfcc'), showDefinition),
    initcc: await kit.outAs(definition('initcc'), showDefinition),
    unknown: await kit.out(definition('nosuch')),
    empty: await kit.out(definition('')),
    garbage: await kit.out(askLifecycle('QueryChaincodeDefinition', Buffer.from('garbage'))),
    noArg: await kit.out(askLifecycle('QueryChaincodeDefinition')),
    all: await kit.outAs(askLifecycle('QueryChaincodeDefinitions', nothing), showDefinitions),
    installedUser: await kit.outAs(askLifecycle('QueryInstalledChaincodes', nothing), () => 'list'),
    installedAdmin: await kit.outAs(asAdmin.evaluateTransaction('QueryInstalledChaincodes', nothing), showInstalled),
    unknownFunction: await kit.out(askLifecycle('Nope', nothing)),
  };
}

/** The chaincodes that are part of every peer. */
export const system: Section = {
  name: 'system',
  probes: [
    probe('qscc.GetChainInfo', 'common.BlockchainInfo {height, currentBlockHash, previousBlockHash, bootstrappingSnapshotInfo}', chainInfo),
    probe('qscc.GetBlockByNumber', 'common.Block; number beyond the height; not a number; empty', blockByNumber),
    probe('qscc.GetBlockByTxID', 'common.Block; unknown id; empty id', async (kit) => {
      const { id, block } = await known(kit);
      return {
        ok: await kit.outAs(ask(kit, 'qscc', 'GetBlockByTxID', mainChannel, id), showBlock(block)),
        unknown: await kit.out(ask(kit, 'qscc', 'GetBlockByTxID', mainChannel, unknownId)),
        empty: await kit.out(ask(kit, 'qscc', 'GetBlockByTxID', mainChannel, '')),
        prefix: await kit.out(ask(kit, 'qscc', 'GetBlockByTxID', mainChannel, id.slice(0, 10))),
      };
    }),
    probe(
      'qscc.GetTransactionByID',
      'peer.ProcessedTransaction {transactionEnvelope, validationCode}; an invalid transaction; unknown id',
      async (kit) => {
        const { id, invalidId } = await known(kit);
        return {
          ok: await kit.outAs(ask(kit, 'qscc', 'GetTransactionByID', mainChannel, id), showTransaction),
          invalid: await kit.outAs(ask(kit, 'qscc', 'GetTransactionByID', mainChannel, invalidId), showTransaction),
          unknown: await kit.out(ask(kit, 'qscc', 'GetTransactionByID', mainChannel, unknownId)),
          empty: await kit.out(ask(kit, 'qscc', 'GetTransactionByID', mainChannel, '')),
        };
      },
    ),
    probe('qscc.GetBlockByHash', 'by hash; unknown hash', blockByHash),
    probe(
      'qscc.other',
      'unknown function; no function; submit instead of evaluate; asked for a channel other than the request channel',
      async (kit) => ({
        unknown: await kit.out(ask(kit, 'qscc', 'Nope', mainChannel)),
        none: await kit.out(ask(kit, 'qscc', '')),
        submit: await kit.stages(kit.org1.chaincode('qscc'), 'GetChainInfo', [mainChannel]),
        crossChannel: await kit.outAs(
          kit.org1.chaincode('qscc', 'yourchannel').evaluateTransaction('GetChainInfo', mainChannel),
          () => 'ok',
        ),
      }),
    ),
    probe('qscc.peers', 'org2 client at peer 2', async (kit) => {
      const { id, block } = await known(kit);
      return kit.outAs(kit.org2.chaincode('qscc').evaluateTransaction('GetBlockByTxID', mainChannel, id), showBlock(block));
    }),
    probe('qscc.emptyChannel', 'qscc with no channel in the proposal', async (kit) =>
      kit.byHand.evaluate(1, await makeProposal(kit.user, { channel: '', chaincode: 'qscc', args: ['GetChainInfo', mainChannel] })),
    ),
    probe('cscc', 'GetChannels, GetConfigBlock, GetChannelConfig, unknown function', configuration),
    probe('lifecycle', 'QueryChaincodeDefinition(s), unknown name, QueryInstalledChaincodes as user and as admin', definitions),
    probe('lscc', 'lscc getchaincodes and getid', async (kit) => [
      await kit.outAs(ask(kit, 'lscc', 'getchaincodes'), () => 'ok'),
      await kit.outAs(ask(kit, 'lscc', 'getid', mainChannel, 'probe'), () => 'ok'),
    ]),
  ],
};

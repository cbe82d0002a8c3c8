import { setTimeout as delay } from 'node:timers/promises';
import { type ChaincodeEvent, checkpointers } from '@hyperledger/fabric-gateway';
import { checkpointAt, eventNames, eventsFrom, eventsSince, threeEvents } from '../event-reading.ts';
import type { ProbeKit } from '../kit.ts';
import { statusOf } from '../outcomes.ts';
import { type Probe, probe } from '../probe.ts';
import { inOrder, inTime } from '../transactions.ts';

const ATTEMPTS = 10;

/** An event's transaction that is made invalid by a conflict. */
async function invalidated(kit: ProbeKit): Promise<{ readonly id: string; readonly block: bigint; readonly status: unknown }> {
  const key = kit.fresh('evi');
  const transaction = await kit.prepare('evRmw', [key]);
  await kit.submit('evRmw', key);
  const [status] = await kit.commitAll([transaction]);
  if (status === undefined) throw new Error('a transaction without a status');
  return { id: transaction.getTransactionId(), block: status.blockNumber, status: statusOf(status) };
}

async function order(kit: ProbeKit): Promise<unknown> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const startBlock = await kit.height();
    await inOrder([
      await kit.prepare('evOnly', ['a', 'a']),
      await kit.prepare('evOnly', ['b', 'b']),
      await kit.prepare('evOnly', ['c', 'c']),
    ]);
    await kit.submit('evOnly', 'd', 'd');
    await delay(150);
    const events = await eventsFrom(kit, startBlock);
    if (events.length === 4 && events[0]?.block === events[2]?.block) return events;
  }
  return 'never in one block';
}

async function beforeStatus(kit: ProbeKit): Promise<unknown> {
  const stream = await kit.channel.getChaincodeEvents('probe');
  const seen: { atMs?: number } = {};
  const reading = (async () => {
    for await (const _event of stream) {
      seen.atMs = performance.now();
      return;
    }
  })();
  await delay(300);
  await kit.submit('evOnly', 'x', 'x');
  const statusMs = performance.now();
  await Promise.race([reading, delay(1500)]);
  stream.close();
  kit.fact('eventMinusStatusMs', Math.round((seen.atMs ?? Number.NaN) - statusMs));
  return { delivered: seen.atMs !== undefined };
}

async function sameBlockResume(kit: ProbeKit): Promise<unknown> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const transactions = [
      await kit.prepare('evOnly', ['a', 'a']),
      await kit.prepare('evOnly', ['b', 'b']),
      await kit.prepare('evOnly', ['c', 'c']),
    ];
    const [first, second, third] = await inOrder(transactions);
    if (first === undefined || second === undefined || first.blockNumber !== third?.blockNumber) continue;
    await delay(150);
    const afterB = await eventNames(kit, { checkpoint: checkpointAt(second.blockNumber, transactions[1]?.getTransactionId()) });
    const checkpoint = checkpointers.inMemory();
    await checkpoint.checkpointBlock(first.blockNumber);
    const afterBlock = await eventNames(kit, { checkpoint }, { after: () => kit.submit('evOnly', 'next', 'n').then(() => 1) });
    return { afterB, afterBlock };
  }
  return 'never';
}

async function close(kit: ProbeKit): Promise<unknown> {
  const deadline = (): { deadline: number } => ({ deadline: Date.now() + 600 });
  const closed = await eventNames(kit, {});
  const late = await kit.collect(() => kit.channel.newChaincodeEventsRequest('probe', {}).getEvents(deadline()), { idleMs: 1500 });
  const stream = await kit.channel.getChaincodeEvents('probe');
  setTimeout(() => stream.close(), 200);
  try {
    let n = 0;
    for await (const _event of stream) n += 1;
    return { close: closed, deadline: late, abort: { ended: true, n } };
  } catch (error) {
    return { close: closed, deadline: late, abort: kit.errorOf(error) };
  }
}

/** Which events there are, and in which order. */
export const eventKinds: readonly Probe[] = [
  probe('ev.one', 'one event', (kit) => eventsSince(kit, () => kit.stages(kit.contract, 'ev', ['e1', 'payload é']))),
  probe('ev.twice', 'setEvent twice: the last wins', (kit) => eventsSince(kit, () => kit.stages(kit.contract, 'evTwice'))),
  probe('ev.noWrite', 'event in a transaction without writes', (kit) =>
    eventsSince(kit, () => kit.stages(kit.contract, 'evOnly', ['e', 'p'])),
  ),
  probe('ev.emptyName', 'event with an empty name', (kit) => eventsSince(kit, () => kit.stages(kit.contract, 'evEmptyName'))),
  probe('ev.noPayload', 'event without payload; with an empty payload', (kit) =>
    eventsSince(kit, async () => [await kit.stages(kit.contract, 'evNoPayload'), await kit.stages(kit.contract, 'evOnly', ['empty', ''])]),
  ),
  probe('ev.evaluate', 'event in an evaluate', (kit) => eventsSince(kit, () => kit.evaluate('ev', 'e', 'p'))),
  probe('ev.throw', 'event, then throw', (kit) => eventsSince(kit, () => kit.stages(kit.contract, 'evThrow'))),
  probe('ev.invalid', 'event of a transaction that loses by MVCC', (kit) =>
    eventsSince(kit, async () => [(await invalidated(kit)).status]),
  ),
  probe('ev.policyFailure', 'event of a transaction that fails the endorsement policy', (kit) =>
    eventsSince(kit, () => kit.stages(kit.contract, 'ev', ['e', 'p'], { endorsingOrganizations: ['MyOrg1MSP'] })),
  ),
  probe('ev.order', 'order of events: three transactions in one block, then one in the next; order equals submission order', order),
  probe('ev.beforeStatus', 'is the event delivered before CommitStatus answers? (rough: both within)', beforeStatus),
  probe('ev.newOnly', 'no start position: only events of blocks after the request', async (kit) => {
    await kit.submit('evOnly', 'old', 'old');
    await delay(100);
    return eventNames(kit, {}, { after: () => kit.submit('evOnly', 'new', 'new').then(() => 'submitted') });
  }),
  probe('ev.fromZero', 'start block 0: first blocks are config and lifecycle blocks; order ascending', async (kit) => {
    const show = ({ blockNumber }: ChaincodeEvent): bigint => blockNumber;
    const collected = await kit.collect(() => kit.channel.getChaincodeEvents('probe', { startBlock: 0n }), { show, idleMs: 500 });
    if ('opening' in collected) return collected;
    const blocks = collected.events as readonly bigint[];
    return { some: blocks.length > 5, ascending: blocks.every((block, index) => block >= (blocks[index - 1] ?? 0n)) };
  }),
];

/** Where a stream of events begins. */
export const eventPositions: readonly Probe[] = [
  probe('ev.afterTx', 'checkpoint with block and transaction: first, second, last of three', async (kit) => {
    const { first, second, third } = await threeEvents(kit);
    return [
      await eventNames(kit, { checkpoint: checkpointAt(first.block, first.id) }),
      await eventNames(kit, { checkpoint: checkpointAt(second.block, second.id) }),
      await eventNames(kit, { checkpoint: checkpointAt(third.block, third.id) }),
    ];
  }),
  probe('ev.afterTxWrongBlock', 'checkpoint whose block is later, or earlier, than the block of its transaction', async (kit) => {
    const { first, third } = await threeEvents(kit);
    return [
      await eventNames(kit, { checkpoint: checkpointAt(third.block + 5n, first.id) }),
      await eventNames(kit, { checkpoint: checkpointAt(0n, first.id) }),
    ];
  }),
  probe('ev.afterUnknownTx', 'checkpoint with a transaction that is not on the ledger, then new events', async (kit) => {
    const { startBlock } = await threeEvents(kit);
    const after = (): Promise<string> => kit.submit('evOnly', 'later', 'l').then(() => 'submitted');
    return eventNames(kit, { checkpoint: checkpointAt(startBlock, 'ab'.repeat(32)) }, { after });
  }),
  probe('ev.afterTxWithoutEvent', 'checkpoint with a committed transaction that had no event, then new events', async (kit) => {
    const submitted = await kit.contract.submitAsync('put', { arguments: ['noev', '1'] });
    const { blockNumber } = await submitted.getStatus(inTime());
    await kit.submit('evOnly', 'n1', 'n1');
    await delay(100);
    const after = (): Promise<string> => kit.submit('evOnly', 'n2', 'n2').then(() => 'submitted');
    return eventNames(kit, { checkpoint: checkpointAt(blockNumber, submitted.getTransactionId()) }, { after });
  }),
  probe('ev.afterTxOfOtherChaincode', 'checkpoint with a transaction whose event belongs to another chaincode', async (kit) => {
    const submitted = await kit.org1.chaincode('orcc').submitAsync('evOnly', { arguments: ['o', 'o'] });
    const { blockNumber } = await submitted.getStatus(inTime());
    await kit.submit('evOnly', 'n1', 'n1');
    await delay(100);
    return eventNames(kit, { checkpoint: checkpointAt(blockNumber, submitted.getTransactionId()) });
  }),
  probe('ev.afterInvalidTx', 'checkpoint with an invalidated transaction', async (kit) => {
    const { id, block } = await invalidated(kit);
    await kit.submit('evOnly', 'n1', 'n1');
    await delay(100);
    return eventNames(kit, { checkpoint: checkpointAt(block, id) });
  }),
  probe('ev.sameBlockResume', 'checkpoint at the second of three events of one block', sameBlockResume),
  probe('ev.checkpointOverStart', 'checkpoint with a block and no transaction; empty checkpoint with startBlock', async (kit) => {
    const { startBlock, second } = await threeEvents(kit);
    return [
      await eventNames(kit, { checkpoint: checkpointAt(second.block) }),
      await eventNames(kit, { startBlock, checkpoint: checkpointers.inMemory() }),
    ];
  }),
  probe('ev.futureBlock', 'start block = height + 2; four events are committed afterwards, one per block', async (kit) => {
    const after = async (): Promise<string> => {
      for (const name of ['f0', 'f1', 'f2', 'f3']) await kit.submit('evOnly', name, name);
      return 'submitted 4';
    };
    return eventNames(kit, { startBlock: (await kit.height()) + 2n }, { after });
  }),
  probe('ev.unknownChaincode', 'events of a chaincode that does not exist', (kit) =>
    eventNames(kit, { startBlock: 0n }, { chaincode: 'nosuch' }),
  ),
  probe('ev.emptyChaincode', 'events of the chaincode with the empty name', (kit) =>
    eventNames(kit, { startBlock: 0n }, { chaincode: '' }),
  ),
  probe('ev.unknownChannel', 'events of an unknown channel', (kit) =>
    kit.collect(() => kit.org1.gateway.getNetwork('nosuch').getChaincodeEvents('probe', { startBlock: 0n })),
  ),
  probe('ev.otherOrg', 'org2 client at peer 1 and at peer 2', async (kit) => {
    const { startBlock } = await threeEvents(kit);
    await delay(300);
    const show = ({ eventName }: ChaincodeEvent): string => eventName;
    const [atPeer1, atPeer2] = [kit.connections.connect(1, kit.user2), kit.connections.connect(2, kit.user2)];
    return [
      await kit.collect(() => atPeer1.network.getChaincodeEvents('probe', { startBlock }), { show }),
      await kit.collect(() => atPeer2.network.getChaincodeEvents('probe', { startBlock }), { show }),
    ];
  }),
  probe('ev.close', 'close() of the iterator while waiting; deadline on the stream', close),
];

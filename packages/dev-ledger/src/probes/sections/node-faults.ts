import { setTimeout as delay } from 'node:timers/promises';
import { checkpointers, type CloseableAsyncIterable, StatusCode } from '@hyperledger/fabric-gateway';
import { eventNames } from '../event-reading.ts';
import { impatient, type ProbeKit } from '../kit.ts';
import { type Probe, probe } from '../probe.ts';
import type { PeerSettings } from '../../network.ts';

const RETRY_PAUSE_MS = 200;
const RETRIES = 100;

/** Reads a stream to its end. */
async function endOf<T>(
  kit: ProbeKit,
  stream: CloseableAsyncIterable<T>,
  onEvent: (event: T) => void | Promise<void> = () => undefined,
): Promise<unknown> {
  try {
    for await (const event of stream) await onEvent(event);
    return 'ended';
  } catch (error) {
    return kit.errorOf(error);
  }
}

/** Submits until it succeeds, and notes how long that takes and what failed meanwhile. */
async function recover(kit: ProbeKit, node: string, name: string, ...args: readonly string[]): Promise<void> {
  const startMs = performance.now();
  const failures = new Set<string>();
  for (let attempt = 0; attempt < RETRIES; attempt++) {
    const { commit, ...stages } = await kit.stages(kit.contract, name, args);
    if (commit?.code === StatusCode.VALID) break;
    failures.add(JSON.stringify({ ...stages, commit }));
    await delay(RETRY_PAUSE_MS);
  }
  kit.fact(`recoveryAfter${node}RestartMs`, Math.round(performance.now() - startMs));
  kit.fact(
    `errorsWhile${node}Restarts`,
    [...failures].map((failure) => JSON.parse(failure) as unknown),
  );
}

function mspidOf(kit: ProbeKit, number: 1 | 2): string {
  return kit.connections.organization(number).mspid;
}

async function startFirstPeer(kit: ProbeKit, settings: PeerSettings = impatient): Promise<void> {
  await kit.network.startPeer(mspidOf(kit, 1), settings);
  kit.connections.close();
  await kit.warm();
}

async function orderer(kit: ProbeKit): Promise<unknown> {
  const stream = await kit.channel.getChaincodeEvents('probe');
  const got: string[] = [];
  const state: { end: unknown } = { end: 'open' };
  const reading = endOf(kit, stream, ({ eventName }) => void got.push(eventName)).then((end) => (state.end = end));
  await delay(200);
  await kit.network.stopOrderer();
  await delay(300);
  const outcome = {
    ...(await kit.both(kit.contract, 'put', ['f', '1'])),
    second: await kit.stages(kit.contract, 'put', ['f', '1']),
    statusUnknown: await kit.byHand.status(1, kit.user, 'ab'.repeat(32), { timeoutMs: 800 }),
  };
  await kit.network.startOrderer();
  await recover(kit, 'Orderer', 'evOnly', 'back', 'b');
  await delay(500);
  const events = { got: [...got], end: state.end };
  stream.close();
  await reading;
  return { ...outcome, events };
}

async function peer2Down(kit: ProbeKit): Promise<unknown> {
  await kit.network.stopPeer(mspidOf(kit, 2));
  const both = { endorsingOrganizations: ['MyOrg1MSP', 'MyOrg2MSP'] };
  const outcome = {
    first: await kit.stages(kit.contract, 'put', ['f', '1']),
    second: await kit.stages(kit.contract, 'put', ['f', '1']),
    evaluate: await kit.evaluate('get', 'f'),
    or: await kit.stages(kit.org1.chaincode('orcc'), 'put', ['f', '1']),
    named: await kit.stages(kit.contract, 'put', ['f', '1'], both),
    evaluateOrg2: await kit.out(kit.contract.evaluate('get', { arguments: ['f'], endorsingOrganizations: ['MyOrg2MSP'] })),
  };
  await kit.network.startPeer(mspidOf(kit, 2), impatient);
  await recover(kit, 'Peer2', 'put', 'f', '1');
  return outcome;
}

async function peer1Restart(kit: ProbeKit): Promise<unknown> {
  const checkpoint = checkpointers.inMemory();
  const got: string[] = [];
  const events = endOf(kit, await kit.channel.getChaincodeEvents('probe', { checkpoint }), async (event) => {
    got.push(event.eventName);
    await checkpoint.checkpointChaincodeEvent(event);
  });
  const blocks = endOf(kit, await kit.channel.getBlockEvents());
  await delay(300);
  await kit.submit('evOnly', 'before', 'b');
  await delay(300);
  const evaluate = kit.evaluate('slow', '2500', 'all');
  await delay(200);
  const { contract } = kit;
  await kit.network.stopPeer(mspidOf(kit, 1));
  const outcome = {
    events: await events,
    blocks: await blocks,
    evaluate: await evaluate,
    whileDown: await kit.out(contract.newProposal('retString', { arguments: ['x'] }).evaluate({ deadline: Date.now() + 1500 })),
  };
  await kit.org2.contract.submit('evOnly', { arguments: ['missed', 'm'], endorsingOrganizations: ['MyOrg2MSP'] }).catch(() => 0);
  await startFirstPeer(kit);
  await kit.submit('evOnly', 'after', 'a');
  await delay(200);
  const again = await eventNames(kit, { checkpoint });
  return { got, ...outcome, resumed: 'opening' in again ? again : again.events };
}

async function peer1Term(kit: ProbeKit): Promise<unknown> {
  const reading = endOf(kit, await kit.channel.getChaincodeEvents('probe'));
  await delay(300);
  await kit.network.stopPeer(mspidOf(kit, 1), 'orderly');
  const end = await Promise.race([reading, delay(3000, 'still open')]);
  await startFirstPeer(kit);
  return end;
}

async function gatewayLimit(kit: ProbeKit): Promise<unknown> {
  await kit.network.stopPeer(mspidOf(kit, 1), 'orderly');
  await startFirstPeer(kit, { ...impatient, gatewayLimit: 3 });
  const five = await Promise.all(Array.from({ length: 5 }, () => kit.evaluate('slow', '800', 'all')));
  const streams = [];
  for (let count = 0; count < 3; count++) streams.push(await kit.channel.getChaincodeEvents('probe'));
  const pending = streams.map((stream) => endOf(kit, stream));
  await delay(500);
  const withStreams = await kit.evaluate('retString', 'x');
  const fourth = await kit.collect(() => kit.channel.getChaincodeEvents('probe'));
  for (const stream of streams) stream.close();
  await Promise.all(pending);
  await delay(700);
  const after = await kit.evaluate('retString', 'x');
  await kit.network.stopPeer(mspidOf(kit, 1), 'orderly');
  await startFirstPeer(kit);
  const refused = five.filter(({ ok }) => ok === undefined);
  return {
    five: { accepted: five.length - refused.length, refused: refused[0], refusedCount: refused.length },
    withStreams,
    fourth,
    after,
  };
}

/** The orderer or a peer is gone, or overloaded. */
export const nodeFaults: readonly Probe[] = [
  probe(
    'fault.orderer',
    'orderer stopped: evaluate, endorse, submit, status of a pending id, events stay open; then started again',
    orderer,
  ),
  probe('fault.peer2down', 'peer of org2 killed: first submit, second submit, evaluate', peer2Down),
  probe(
    'fault.peer1restart',
    'peer of the client killed during an event stream, a block stream and an evaluate; then restarted, stream resumed from a checkpoint',
    peer1Restart,
  ),
  probe('fault.peer1term', 'the same peer stopped with SIGTERM during an event stream', peer1Term),
  probe('fault.bothLimit', 'gatewayService limit of 3: 5 slow evaluates at once; 3 open event streams and an evaluate', gatewayLimit),
];

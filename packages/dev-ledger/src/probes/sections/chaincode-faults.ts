import { setTimeout as delay } from 'node:timers/promises';
import type { OrganizationNumber } from '../connections.ts';
import type { ProbeKit } from '../kit.ts';
import { type Probe, probe } from '../probe.ts';
import { inTime } from '../transactions.ts';

/** Until a peer has noticed that a chaincode is gone, or that its late answer came. */
const NOTICE_MS = 300;
const LATE_ANSWER_MS = 3_000;

async function kill(kit: ProbeKit, ...numbers: readonly OrganizationNumber[]): Promise<void> {
  for (const number of numbers) await kit.stopChaincode('contract', number, 'SIGKILL');
  await delay(NOTICE_MS);
}

async function startAgain(kit: ProbeKit, ...numbers: readonly OrganizationNumber[]): Promise<void> {
  for (const number of numbers) await kit.startChaincode('contract', number);
  await kit.warm();
}

/** The chaincode of one or both organizations is gone, or goes while it is called. */
export const chaincodeFaults: readonly Probe[] = [
  probe('fault.cc2down', 'chaincode of org2 stopped (listener gone): evaluate and submit under AND; submit under OR', async (kit) => {
    await kill(kit, 2);
    const outcome = {
      ...(await kit.both(kit.contract, 'put', ['f', '1'])),
      second: await kit.stages(kit.contract, 'put', ['f', '1']),
      or: await kit.stages(kit.org1.chaincode('orcc'), 'put', ['f', '1']),
      evaluateAtPeer2: await kit.out(kit.org2.contract.evaluateTransaction('get', 'f')),
    };
    const startMs = performance.now();
    await startAgain(kit, 2);
    kit.fact('recoveryAfterChaincodeRestartMs', Math.round(performance.now() - startMs));
    return outcome;
  }),
  probe('fault.cc1down', 'chaincode of org1 stopped', async (kit) => {
    await kill(kit, 1);
    const outcome = {
      ...(await kit.both(kit.contract, 'put', ['f', '1'])),
      or: await kit.stages(kit.org1.chaincode('orcc'), 'put', ['f', '1']),
    };
    await startAgain(kit, 1);
    return outcome;
  }),
  probe('fault.ccBothDown', 'both chaincodes stopped', async (kit) => {
    await kill(kit, 1, 2);
    const outcome = await kit.both(kit.contract, 'put', ['f', '1']);
    await startAgain(kit, 1, 2);
    return outcome;
  }),
  probe('fault.dieEvaluate', 'chaincode of org1 exits during an evaluate', async (kit) => {
    const r = await kit.evaluate('die', 'MyOrg1MSP');
    const next = await kit.evaluate('retString', 'next');
    await startAgain(kit, 1);
    return { r, next };
  }),
  probe('fault.dieEvaluateAll', 'the chaincode of every org exits during an evaluate', async (kit) => {
    const outcome = await kit.evaluate('die', 'all');
    await startAgain(kit, 1, 2);
    return outcome;
  }),
  probe('fault.dieSubmit2', 'chaincode of org2 exits during a submit', async (kit) => {
    const outcome = await kit.stages(kit.contract, 'die', ['MyOrg2MSP']);
    await startAgain(kit, 2);
    return outcome;
  }),
  probe('fault.dieSubmit1', 'chaincode of org1 exits during a submit', async (kit) => {
    const outcome = await kit.stages(kit.contract, 'die', ['MyOrg1MSP']);
    await startAgain(kit, 1);
    return outcome;
  }),
];

async function clientDeadlines(kit: ProbeKit): Promise<unknown> {
  const within = (timeoutMs: number): { deadline: number } => ({ deadline: Date.now() + timeoutMs });
  const slow = () => kit.contract.newProposal('slow', { arguments: ['1500', 'all'] });
  const evaluate = await kit.out(slow().evaluate(within(500)));
  const endorse = await kit.outAs(slow().endorse(within(500)), () => 'ok');
  const transaction = await kit.contract.newProposal('put', { arguments: ['f', '3'] }).endorse(inTime());
  const submitPast = await kit.outAs(transaction.submit(within(-1)), () => 'ok');
  await delay(2000);
  return { evaluate, endorse, submitPast };
}

async function cancelledEvaluate(kit: ProbeKit): Promise<unknown> {
  const client = kit.connections.newClient(1);
  const { contract } = kit.connections.connect(1, kit.user, client);
  const evaluated = kit.out(contract.evaluateTransaction('slow', '1500', 'all'));
  await delay(NOTICE_MS);
  client.close();
  return Promise.race([evaluated, delay(4000, 'no answer')]);
}

/** The chaincode is slower than somebody waits. */
export const slownessFaults: readonly Probe[] = [
  probe('fault.slowEvaluate', 'chaincode slower (6 s) than executetimeout (4 s), evaluate; only org1 slow', async (kit) => ({
    all: await kit.evaluate('slow', '6000', 'all'),
    org1: await kit.evaluate('slow', '6000', 'MyOrg1MSP'),
  })),
  probe('fault.slowSubmit', 'the same in a submit, at org2 only, and at org1 only', async (kit) => {
    await delay(LATE_ANSWER_MS);
    return [await kit.stages(kit.contract, 'slow', ['6000', 'MyOrg2MSP']), await kit.stages(kit.contract, 'slow', ['6000', 'MyOrg1MSP'])];
  }),
  probe('fault.afterTimeout', 'the stream works after a timeout (the late answer is ignored)', async (kit) => {
    await delay(LATE_ANSWER_MS);
    return kit.stages(kit.contract, 'put', ['f', '2']);
  }),
  probe('fault.clientDeadline', 'client deadline of 500 ms: evaluate, endorse, submit(1 ms), status', clientDeadlines),
  probe('fault.cancelledEvaluate', 'evaluate cancelled by closing the client', cancelledEvaluate),
];

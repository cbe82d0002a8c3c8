import type { Contract, SubmittedTransaction, Transaction } from '@hyperledger/fabric-gateway';
import type { ProbeKit } from '../kit.ts';
import { statusOf } from '../outcomes.ts';
import { type Probe, probe, type Section } from '../probe.ts';
import { text } from '../text.ts';
import { withoutTap } from '../without-tap.ts';

const MIB = 1024 * 1024;
const CALL_TIMEOUT_MS = 60_000;

function deadline(): { deadline: number } {
  return { deadline: Date.now() + CALL_TIMEOUT_MS };
}

async function evaluate(kit: ProbeKit, name: string, argument: string): Promise<unknown> {
  const proposal = kit.contract.newProposal(name, { arguments: [argument] });
  return kit.outAs(proposal.evaluate(deadline()), (bytes) => ({ length: bytes.length, head: text(bytes.subarray(0, 12)) }));
}

async function submit(kit: ProbeKit, name: string, ...args: readonly string[]): Promise<unknown> {
  let transaction: Transaction;
  try {
    transaction = await kit.contract.newProposal(name, { arguments: [...args] }).endorse(deadline());
  } catch (error) {
    return { endorse: kit.errorOf(error) };
  }
  let submitted: SubmittedTransaction;
  try {
    submitted = await transaction.submit(deadline());
  } catch (error) {
    return { submit: kit.errorOf(error) };
  }
  try {
    return { commit: statusOf(await submitted.getStatus(deadline())) };
  } catch (error) {
    return { status: kit.errorOf(error) };
  }
}

/** A probe whose duration is noted. */
function timed(id: string, what: string, run: Probe['run']): Probe {
  return probe(id, what, async (kit) => {
    const startMs = performance.now();
    try {
      return await run(kit);
    } finally {
      kit.fact(id, Math.round(performance.now() - startMs));
    }
  });
}

/** Runs on a client that leaves gRPC's limits as they are. */
async function byDefaultClient<T>(kit: ProbeKit, run: (contract: Contract) => Promise<T>): Promise<T> {
  const client = kit.connections.newClient(1, {});
  try {
    return await run(kit.connections.connect(1, kit.user, client).contract);
  } finally {
    client.close();
  }
}

/** Large arguments, results, events and values; the peers talk to the chaincode directly. */
export const sizes: Section = {
  name: 'sizes',
  setup: (kit) => withoutTap(kit, {}),
  probes: [
    ...[5, 49, 50, 99, 101].map((size) =>
      timed(`size.arg.${size}MB`, `argument of ${size} MiB, evaluate`, (kit) => evaluate(kit, 'argSize', 'x'.repeat(size * MIB))),
    ),
    ...[5, 50, 99, 101].map((size) =>
      timed(`size.result.${size}MB`, `result of ${size} MiB, evaluate`, (kit) => evaluate(kit, 'retFill', String(size * MIB))),
    ),
    probe('size.result.defaultClient', 'result of 5 MiB with a client that leaves grpc.max_receive_message_length alone', async (kit) => ({
      evaluate: await byDefaultClient(kit, (contract) =>
        kit.outAs(contract.evaluateTransaction('retFill', String(5 * MIB)), (bytes) => bytes.length),
      ),
      arg: await byDefaultClient(kit, (contract) => kit.out(contract.evaluateTransaction('argSize', 'x'.repeat(5 * MIB)))),
    })),
    ...[5, 20].map((size) =>
      timed(`size.event.${size}MB`, `event payload of ${size} MiB, submit`, (kit) => submit(kit, 'evFill', String(size * MIB))),
    ),
    ...[5, 40].map((size) =>
      timed(`size.value.${size}MB`, `value of ${size} MiB, submit`, (kit) => submit(kit, 'putFill', 'big', String(size * MIB))),
    ),
    timed('size.value.100MB', 'value of 100 MiB, submit', (kit) => submit(kit, 'putFill', 'big2', String(100 * MIB))),
    probe('size.recover', 'the network still works afterwards', async (kit) => {
      await kit.warm();
      return 'ok';
    }),
  ],
};

import { status } from '@grpc/grpc-js';
import { StatusCode } from '@hyperledger/fabric-gateway';
import { formatAnswer, parseInvocation, type Procedure, procedures } from '@orchestrator/lib';
import { beforeEach, describe, expect, test } from 'vitest';
import { toCallStatus } from '../../grpc/status.ts';
import type { LedgerCall } from './ledger-call.ts';
import { LedgerCalls } from './ledger-calls.ts';
import { Fault, FakePeer } from './spec-support.ts';

const PLAN = '0b51a5e0-0000-4000-8000-000000000001';
const counts = { attempted: 0, conflicted: 0, retried: 0, ambiguous: 0, fates: [] as string[], ends: [] as string[] };
const ordering = { missed: 0, reached: 0 };
let signal = new AbortController();

beforeEach(() => {
  Object.assign(counts, { attempted: 0, conflicted: 0, retried: 0, ambiguous: 0, fates: [], ends: [] });
  Object.assign(ordering, { missed: 0, reached: 0 });
  signal = new AbortController();
});

function procedure(name: string): Procedure {
  const found = procedures.find(({ method }) => method === name);
  if (found === undefined) throw new Error(`no procedure ${name}`);
  return found;
}

function answerOf(name: string): string {
  const row = procedure(name);
  const answer = row.response.encode(row.response.fromPartial({})).finish();
  return formatAnswer({ procedure: row, answer, requestId: 'r1' });
}

/** A call of a peer that answers as the chaincode does. */
async function start(timeoutMs = 3000) {
  const fake = await FakePeer.start();
  fake.script.evaluate = () => answerOf('GetPlan');
  fake.script.endorse = () => answerOf('UpdatePlan');
  const calls = new LedgerCalls({
    peers: { require: () => fake },
    settings: { timeoutMs, maxEvaluates: 4, maxSubmits: 4, queueLimit: 10, maxAnswerBytes: 100 },
    observer: {
      attempted: () => (counts.attempted += 1),
      conflicted: () => (counts.conflicted += 1),
      retried: () => (counts.retried += 1),
      ambiguous: () => (counts.ambiguous += 1),
      resolved: (fate) => counts.fates.push(fate),
      changed: () => undefined,
      finished: (_procedure, outcome) => counts.ends.push(outcome),
    },
    ordering: { missed: () => (ordering.missed += 1), reached: () => (ordering.reached += 1) },
  });
  return { fake, calls, [Symbol.asyncDispose]: () => fake[Symbol.asyncDispose]() };
}

function call(name: 'GetPlan' | 'UpdatePlan', deadlineMs = Number.POSITIVE_INFINITY): LedgerCall {
  const row = procedure(name);
  return {
    procedure: row,
    request: row.request.fromPartial({ key: PLAN, name: 'n' }),
    caller: { channel: 'mychannel', mspid: 'MyOrg1MSP', requestId: 'r1', idempotencyKey: 'once' },
    signal: signal.signal,
    deadlineMs,
    chaincode: 'mycc',
  };
}

const codeOf = (error: unknown): number => toCallStatus(error, 'r1').code;
const lostCommit = (): number => StatusCode.MVCC_READ_CONFLICT;

/** Each of these in its turn, then the last one for ever. */
function inTurn<T>(...steps: readonly (() => T)[]): () => T {
  let next = 0;
  return () => {
    const step = steps[Math.min(next, steps.length - 1)];
    next += 1;
    if (step === undefined) throw new Error('no step');
    return step();
  };
}

function fail(...fault: ConstructorParameters<typeof Fault>): () => never {
  return () => {
    throw new Fault(...fault);
  };
}

const ENDORSE = 'failed to endorse transaction, see attached details for more info';
const COLLECT = 'failed to collect enough transaction endorsements, see attached details for more info';

describe('a call', () => {
  test('goes to the function of its procedure, with its request', async () => {
    await using ledger = await start();
    const seen: string[] = [];
    ledger.fake.script.evaluate = ({ args, channel, chaincode }) => {
      seen.push(channel, chaincode, args[0] ?? '');
      expect(parseInvocation(procedure('GetPlan'), args[1] ?? '')).toMatchObject({ request: { key: PLAN }, requestId: 'r1', idempotencyKey: undefined });
      return answerOf('GetPlan');
    };
    expect(await ledger.calls.run(call('GetPlan'))).toEqual(new Uint8Array());
    expect(seen).toEqual(['mychannel', 'mycc', 'orchestrator.computeplan:GetPlan']);
    ledger.fake.script.endorse = ({ args }) => {
      expect(parseInvocation(procedure('UpdatePlan'), args[1] ?? '').idempotencyKey).toBe('once');
      return answerOf('UpdatePlan');
    };
    await ledger.calls.run(call('UpdatePlan'));
    expect(counts.ends).toEqual(['committed', 'committed']);
  });

  test('whose answer cannot be read is masked', async () => {
    await using ledger = await start();
    ledger.fake.script.evaluate = () => 'no JSON';
    await expect(ledger.calls.run(call('GetPlan')).catch(codeOf)).resolves.toBe(status.INTERNAL);
  });

  test('whose answer could not be sent writes nothing', async () => {
    await using ledger = await start();
    const row = procedure('RegisterPlan');
    const answer = row.response.encode(row.response.fromPartial({ key: PLAN, name: 'n'.repeat(100) })).finish();
    let submits = 0;
    ledger.fake.script.endorse = () => formatAnswer({ procedure: row, answer, requestId: 'r1' });
    ledger.fake.script.submit = () => void (submits += 1);
    const request = row.request.fromPartial({ key: PLAN, name: 'n' });
    await expect(ledger.calls.run({ ...call('UpdatePlan'), procedure: row, request })).rejects.toThrow(/^answer message larger than max/);
    expect(submits).toBe(0);
  });

  test('that is larger than a peer takes is refused before it is sent', async () => {
    await using ledger = await start();
    const request = procedure('UpdatePlan').request.fromPartial({ key: PLAN, name: 'n'.repeat(51_000_000) });
    await expect(ledger.calls.run({ ...call('UpdatePlan'), request })).rejects.toThrow(/^request message larger than max \(\d+ vs\. 50331648\)$/);
    expect(counts.attempted).toBe(0);
  });
});

describe('conflicts', () => {
  test('are tried again with a new proposal and a later instant', async () => {
    await using ledger = await start();
    const seen: { readonly id: string; readonly instant: bigint }[] = [];
    ledger.fake.script.endorse = ({ transactionId, instant }) => {
      seen.push({ id: transactionId, instant });
      return answerOf('UpdatePlan');
    };
    ledger.fake.script.status = inTurn(lostCommit, () => StatusCode.PHANTOM_READ_CONFLICT, () => StatusCode.VALID);
    await ledger.calls.run(call('UpdatePlan'));
    expect(new Set(seen.map(({ id }) => id)).size).toBe(3);
    const instants = seen.map(({ instant }) => instant);
    expect(instants.every((instant, index) => index === 0 || instant > (instants[index - 1] ?? 0n))).toBe(true);
    expect(counts).toMatchObject({ attempted: 3, conflicted: 2, retried: 2, ambiguous: 0, ends: ['committed'] });
  });

  test('of peers that do not agree are tried again, and a refusal of one peer alone is one', async () => {
    await using ledger = await start();
    ledger.fake.script.endorse = inTurn<string>(
      fail(10, COLLECT, ['ProposalResponsePayloads do not match']),
      fail(10, COLLECT, ['chaincode response 500, OE0002: not yet']),
      () => answerOf('UpdatePlan'),
    );
    await ledger.calls.run(call('UpdatePlan'));
    expect(counts).toMatchObject({ attempted: 3, conflicted: 2 });
  });

  test('that do not end are UNAVAILABLE when the time is over, after at least three attempts', async () => {
    await using ledger = await start(4000);
    ledger.fake.script.status = lostCommit;
    await expect(ledger.calls.run(call('UpdatePlan')).catch(codeOf)).resolves.toBe(status.UNAVAILABLE);
    expect(counts.attempted).toBeGreaterThanOrEqual(3);
    expect(counts.ends).toEqual(['failed']);
  });

  test("end with the caller's deadline, or when the caller goes", async () => {
    await using ledger = await start(60_000);
    ledger.fake.script.status = lostCommit;
    await expect(ledger.calls.run(call('UpdatePlan', Date.now() + 300)).catch(codeOf)).resolves.toBe(status.UNAVAILABLE);
    const going = ledger.calls.run(call('UpdatePlan'));
    setTimeout(() => signal.abort(), 100);
    await expect(going).rejects.toThrow('the caller has gone');
  });

  test('of one plan are tried again one at a time, and all of them succeed', async () => {
    await using ledger = await start(20_000);
    let running = 0;
    let most = 0;
    const ids = new Map<string, number>();
    ledger.fake.script.endorse = ({ transactionId }) => {
      running += 1;
      most = Math.max(most, running);
      ids.set(transactionId, running);
      return answerOf('UpdatePlan');
    };
    // Whoever was not alone when it began has lost.
    ledger.fake.script.status = async (id) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      running -= 1;
      return (ids.get(id) ?? 0) > 1 ? StatusCode.MVCC_READ_CONFLICT : StatusCode.VALID;
    };
    await Promise.all(Array.from({ length: 10 }, () => ledger.calls.run(call('UpdatePlan'))));
    expect(most).toBeGreaterThan(1);
    expect(counts.attempted).toBeLessThanOrEqual(20);
    expect(counts.ends).toEqual(Array.from({ length: 10 }, () => 'committed'));
  });
});

describe('refusals', () => {
  test('of the chaincode are told as they are, and not tried again', async () => {
    await using ledger = await start();
    ledger.fake.script.endorse = fail(10, ENDORSE, ['chaincode response 500, OE0104: event transitionDone inappropriate in current state STATUS_DONE']);
    const error = await ledger.calls.run(call('UpdatePlan')).catch((reason: unknown) => reason);
    expect(toCallStatus(error, 'r1')).toMatchObject({
      code: status.INVALID_ARGUMENT,
      message: 'OE0104: event transitionDone inappropriate in current state STATUS_DONE',
    });
    expect(counts).toMatchObject({ attempted: 1, ends: ['refused'] });
  });

  test('of an endorsement policy at the commit are told, and not tried again', async () => {
    await using ledger = await start();
    ledger.fake.script.status = () => StatusCode.ENDORSEMENT_POLICY_FAILURE;
    await expect(ledger.calls.run(call('UpdatePlan'))).rejects.toThrow('OE0003: the ledger holds the transaction to be invalid: ENDORSEMENT_POLICY_FAILURE');
    expect(counts.attempted).toBe(1);
  });

  test('a chaincode that has answered before is only away, one that never has is not there', async () => {
    await using ledger = await start();
    const absent = fail(9, 'no peers available to evaluate chaincode mycc in channel mychannel');
    ledger.fake.script.evaluate = inTurn<string>(absent, () => answerOf('GetPlan'), absent);
    await expect(ledger.calls.run(call('GetPlan')).catch(codeOf)).resolves.toBe(status.FAILED_PRECONDITION);
    await ledger.calls.run(call('GetPlan'));
    await expect(ledger.calls.run(call('GetPlan')).catch(codeOf)).resolves.toBe(status.UNAVAILABLE);
  });
});

describe('outages', () => {
  test('before anything was handed over are tried a few times', async () => {
    await using ledger = await start();
    const down = fail(10, ENDORSE, ['error in simulation: failed to execute transaction 0a: could not launch chaincode mycc']);
    ledger.fake.script.endorse = down;
    await expect(ledger.calls.run(call('UpdatePlan')).catch(codeOf)).resolves.toBe(status.UNAVAILABLE);
    expect(counts).toMatchObject({ ambiguous: 0, ends: ['failed'] });
    expect(counts.attempted).toBeGreaterThanOrEqual(3);
    ledger.fake.script.endorse = inTurn<string>(down, down, () => answerOf('UpdatePlan'));
    await ledger.calls.run(call('UpdatePlan'));
  });

  test('of the ordering service are told to whoever watches it, and its return too', async () => {
    await using ledger = await start();
    const dialing = 'rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial tcp 10.1.2.3:7050"';
    ledger.fake.script.submit = fail(14, 'no orderers could successfully process transaction', [dialing]);
    await expect(ledger.calls.run(call('UpdatePlan'))).rejects.toThrow('the ordering service cannot be reached');
    expect([ordering.missed > 0, ordering.reached, counts.ambiguous]).toEqual([true, 0, 0]);
    ledger.fake.script.submit = () => undefined;
    await ledger.calls.run(call('UpdatePlan'));
    expect(ordering.reached).toBe(1);
  });
});

describe('an end that is not clear', () => {
  test('after the submit is learnt from the transaction itself, without anything being sent again', async () => {
    await using ledger = await start();
    const submitted: string[] = [];
    ledger.fake.script.submit = (id) => {
      submitted.push(id);
      throw new Fault(14, 'Connection dropped');
    };
    await ledger.calls.run(call('UpdatePlan'));
    expect(submitted).toHaveLength(1);
    expect(counts).toMatchObject({ attempted: 1, ambiguous: 1, fates: ['committed'], ends: ['committed'] });
  });

  test('of a transaction that did not arrive: the same one is sent again, and never another', async () => {
    await using ledger = await start();
    const submitted: string[] = [];
    ledger.fake.script.submit = (id) => {
      submitted.push(id);
      if (submitted.length < 3) throw new Fault(14, 'Connection dropped');
    };
    ledger.fake.script.status = () => {
      if (submitted.length < 3) throw new Fault(4, 'context deadline exceeded');
      return StatusCode.VALID;
    };
    await ledger.calls.run(call('UpdatePlan'));
    expect(submitted).toHaveLength(3);
    expect(new Set(submitted).size).toBe(1);
    expect(counts).toMatchObject({ attempted: 1, ambiguous: 1, fates: ['committed'] });
  });

  test('that turns out a conflict is tried again with a new proposal', async () => {
    await using ledger = await start();
    const submitted = new Set<string>();
    ledger.fake.script.submit = (id) => {
      const isFirst = submitted.size === 0;
      submitted.add(id);
      if (isFirst) throw new Fault(14, 'Connection dropped');
    };
    ledger.fake.script.status = inTurn(lostCommit, () => StatusCode.VALID);
    await ledger.calls.run(call('UpdatePlan'));
    expect(submitted.size).toBe(2);
    expect(counts.fates).toEqual(['invalid']);
  });

  test('at the wait for the commit is asked again, also after a refused retry', async () => {
    await using ledger = await start();
    ledger.fake.script.status = inTurn<number>(fail(14, 'Connection dropped'), fail(2, 'too many requests for /gateway.Gateway, exceeding concurrency limit (5)'), () => StatusCode.VALID);
    await ledger.calls.run(call('UpdatePlan'));
    expect(counts).toMatchObject({ attempted: 1, ambiguous: 1, fates: ['committed'] });
  });

  test('and stays so is told as it is when the time is over', async () => {
    await using ledger = await start(500);
    ledger.fake.script.status = fail(14, 'Connection dropped');
    const error = await ledger.calls.run(call('UpdatePlan')).catch((reason: unknown) => reason);
    expect(codeOf(error)).toBe(status.UNAVAILABLE);
    expect(String(error)).toContain('it may have been');
    expect(counts).toMatchObject({ attempted: 1, fates: ['unknown'], ends: ['failed'] });
  });

  test('met again by the same request: the answer is its own earlier success', async () => {
    await using ledger = await start(500);
    const endorsed: string[] = [];
    ledger.fake.script.endorse = ({ transactionId }) => {
      endorsed.push(transactionId);
      return answerOf('UpdatePlan');
    };
    ledger.fake.script.status = fail(14, 'Connection dropped');
    await expect(ledger.calls.run(again('n'))).rejects.toThrow('it may have been');
    // Another request is not taken for it.
    ledger.fake.script.status = (id) => (id === endorsed[1] ? lostCommit() : StatusCode.VALID);
    await ledger.calls.run(again('other'));
    expect(endorsed).toHaveLength(3);
    await ledger.calls.run(again('n'));
    expect(endorsed).toHaveLength(3);
    // Once it was heard, the same request is a new one.
    await ledger.calls.run(again('n'));
    expect(endorsed).toHaveLength(4);
  });

  test('met again too early: a refusal by its own success turns into that success', async () => {
    await using ledger = await start(500);
    ledger.fake.script.status = fail(14, 'Connection dropped');
    await expect(ledger.calls.run(again('n'))).rejects.toThrow('it may have been');
    const refusal = fail(10, ENDORSE, ['chaincode response 500, OE0006: computeplan with key "x" already exists']);
    ledger.fake.script.endorse = refusal;
    ledger.fake.script.status = inTurn<number>(fail(4, 'context deadline exceeded'), () => StatusCode.VALID);
    expect(await ledger.calls.run(again('n'))).toEqual(new Uint8Array());
    await expect(ledger.calls.run(again('n'))).rejects.toThrow('OE0006');
  });

  test('of a client that was cut off is kept for when it asks again', async () => {
    await using ledger = await start();
    let endorsed = 0;
    ledger.fake.script.endorse = () => {
      endorsed += 1;
      return answerOf('UpdatePlan');
    };
    ledger.fake.script.status = () => {
      signal.abort();
      return StatusCode.VALID;
    };
    await ledger.calls.run(again('n'));
    signal = new AbortController();
    ledger.fake.script.status = () => StatusCode.VALID;
    await ledger.calls.run(again('n'));
    expect(endorsed).toBe(1);
  });
});

/** A call without idempotency key. */
function again(name: string): LedgerCall {
  const { caller, ...others } = call('UpdatePlan');
  const { idempotencyKey: _key, ...bare } = caller;
  return { ...others, caller: bare, request: others.procedure.request.fromPartial({ key: PLAN, name }) };
}

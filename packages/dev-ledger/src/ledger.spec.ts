import { access, readFile } from 'node:fs/promises';
import {
  type ChaincodeEvent,
  checkpointers,
  type CloseableAsyncIterable,
  CommitError,
  EndorseError,
  StatusCode,
  type SubmitError,
} from '@hyperledger/fabric-gateway';
import { common } from '@hyperledger/fabric-protos';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { startDevLedger } from './ledger.ts';
import { connectTo, startTestLedger, type TestLedger, text } from './spec-support.ts';

let test: TestLedger;

beforeAll(async () => {
  test = await startTestLedger();
});

afterAll(async () => {
  await test[Symbol.asyncDispose]();
});

async function take(events: CloseableAsyncIterable<ChaincodeEvent>, count: number): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const event of events) {
      names.push(event.eventName);
      if (names.length === count) break;
    }
  } finally {
    events.close();
  }
  return names;
}

/** A checkpointer that stands at the present end of the chain. */
async function fromNow(): Promise<{ startBlock: bigint }> {
  const info = await test.network().getContract('qscc').evaluateTransaction('GetChainInfo', 'mychannel');
  return { startBlock: BigInt(common.BlockchainInfo.deserializeBinary(info).getHeight()) };
}

describe('transactions', () => {
  it('are endorsed by both organizations, committed and read at both peers', async () => {
    await test.contract().submitTransaction('put', 'k', 'value');
    expect(await text(test.contract().evaluateTransaction('getRaw', 'k'))).toBe('value');
    await expect.poll(() => text(test.contract('MyOrg2MSP').evaluateTransaction('getRaw', 'k'))).toBe('value');
  });

  it('conflict when they were simulated on the same state', async () => {
    const contract = test.contract();
    const prepared = await Promise.all([0, 1, 2].map(() => contract.newProposal('rmw', { arguments: ['counter'] }).endorse()));
    const submitted = await Promise.all(prepared.map((one) => one.submit()));
    const codes = (await Promise.all(submitted.map((one) => one.getStatus()))).map(({ code }) => code);
    expect(codes.filter((code) => code === StatusCode.VALID).length).toBe(1);
    expect(codes.filter((code) => code === StatusCode.MVCC_READ_CONFLICT).length).toBe(2);
  });

  it('of which the endorsers differ are refused', async () => {
    const refused = await test
      .contract()
      .submitTransaction('perOrgMessage')
      .then(
        () => undefined,
        (error: unknown) => error,
      );
    expect(refused).toBeInstanceOf(EndorseError);
    expect((refused as EndorseError).details.map(({ message }) => message)).toEqual(['ProposalResponsePayloads do not match']);
  });
});

describe('events', () => {
  it('are replayed after a transaction, in order', async () => {
    const network = test.network();
    const contract = network.getContract('probe');
    const start = await fromNow();
    for (const name of ['a', 'b', 'c']) await contract.submitTransaction('evOnly', name, 'payload');
    expect(await take(await network.getChaincodeEvents('probe', start), 3)).toEqual(['a', 'b', 'c']);
    const checkpointer = checkpointers.inMemory();
    const events = await network.getChaincodeEvents('probe', start);
    for await (const event of events) {
      await checkpointer.checkpointChaincodeEvent(event);
      break;
    }
    events.close();
    expect(await take(await network.getChaincodeEvents('probe', { checkpoint: checkpointer }), 2)).toEqual(['b', 'c']);
  });

  it('go on at a restarted peer, which kept its state', async () => {
    const start = await fromNow();
    await test.contract().submitTransaction('evOnly', 'before', '');
    const open = await test.network().getChaincodeEvents('probe', start);
    const cut = take(open, 2).catch((error: unknown) => error);
    await test.ledger.stopPeer('MyOrg1MSP');
    expect(await cut).toMatchObject({ code: 14 });
    await test.ledger.startPeer('MyOrg1MSP');
    await test.contract().submitTransaction('evOnly', 'after', '');
    expect(await take(await test.network().getChaincodeEvents('probe', start), 2)).toEqual(['before', 'after']);
  });
});

describe('a peer that is down', () => {
  it('catches up when it is back', async () => {
    await test.ledger.stopPeer('MyOrg2MSP');
    const refused = await test
      .contract()
      .submitTransaction('put', 'k', 'v')
      .catch((error: unknown) => error);
    expect((refused as EndorseError).details[0]?.message).toContain('connection refused');
    const status = await (
      await test.contract().submitAsync('put', { arguments: ['k', 'v'], endorsingOrganizations: ['MyOrg1MSP'] })
    ).getStatus();
    expect(status.code).toBe(StatusCode.ENDORSEMENT_POLICY_FAILURE);
    await test.ledger.startPeer('MyOrg2MSP');
    await expect
      .poll(() => test.ledger.channel('MyOrg2MSP', 'mychannel')?.height)
      .toBe(test.ledger.channel('MyOrg1MSP', 'mychannel')?.height);
    await test.contract().submitTransaction('put', 'k', 'w');
  });
});

describe('faults', () => {
  const outcome = (): Promise<unknown> =>
    test
      .contract()
      .submitTransaction('put', 'fault', 'x')
      .then(
        () => 'committed',
        (error: unknown) => error,
      );

  it('mvcc-conflict', async () => {
    test.ledger.faults.next('mvcc-conflict');
    const error = await outcome();
    expect(error).toBeInstanceOf(CommitError);
    expect((error as CommitError).code).toBe(StatusCode.MVCC_READ_CONFLICT);
    expect(await outcome()).toBe('committed');
  });

  it.each([
    ['endorser-differs', 10, 'ProposalResponsePayloads do not match'],
    ['endorser-down', 10, 'connection refused'],
    ['orderer-down', 14, 'connection refused'],
  ] as const)('%s', async (kind, code, detail) => {
    test.ledger.faults.next(kind);
    const error = (await outcome()) as EndorseError | SubmitError;
    expect([error.code, error.details[0]?.message]).toEqual([code, expect.stringContaining(detail) as string]);
    expect(await outcome()).toBe('committed');
  });

  it('no-endorsers', async () => {
    test.ledger.faults.next('no-endorsers');
    expect(await outcome()).toMatchObject({ code: 9, message: expect.stringContaining('no combination of peers') as string });
  });

  it('too-many-requests', async () => {
    test.ledger.faults.next('too-many-requests');
    expect(await outcome()).toMatchObject({ code: 2, message: expect.stringContaining('exceeding concurrency limit') as string });
  });

  it.each(['answer-lost', 'status-lost'] as const)('%s: the transaction is committed all the same', async (kind) => {
    const contract = test.contract();
    const transaction = await contract.newProposal('put', { arguments: ['lost', kind] }).endorse();
    test.ledger.faults.next(kind);
    const answer = await transaction
      .submit()
      .then((submitted) => submitted.getStatus())
      .catch((error: unknown) => error);
    expect(answer).toMatchObject({ code: 14 });
    await expect.poll(() => text(contract.evaluateTransaction('getRaw', 'lost'))).toBe(kind);
  });

  it('event-stream-cut', async () => {
    const start = await fromNow();
    await test.contract().submitTransaction('evOnly', 'one', '');
    await test.contract().submitTransaction('evOnly', 'two', '');
    test.ledger.faults.next('event-stream-cut');
    const seen: string[] = [];
    const read = async (): Promise<void> => {
      for await (const event of await test.network().getChaincodeEvents('probe', start)) seen.push(event.eventName);
    };
    await expect(read()).rejects.toMatchObject({ code: 14 });
    expect(seen).toEqual(['one']);
  });

  it('peer-restart', async () => {
    test.ledger.faults.next('peer-restart');
    await text(test.contract().evaluateTransaction('getRaw', 'k')).catch(() => undefined);
    await expect.poll(outcome, { timeout: 10_000, interval: 100 }).toBe('committed');
    expect(test.ledger.faults.injected('peer-restart')).toBe(1);
  });

  it('slow-ordering', async () => {
    const transaction = await test
      .contract()
      .newProposal('put', { arguments: ['slow', 'x'] })
      .endorse();
    test.ledger.faults.next('slow-ordering', { delayMs: 600 });
    const before = performance.now();
    await (await transaction.submit()).getStatus();
    expect(performance.now() - before).toBeGreaterThan(500);
  });

  it('slow-commit: the other peer lags, and so their results differ', async () => {
    const contract = test.contract();
    await contract.submitTransaction('rmw', 'lagging');
    await expect.poll(() => text(test.contract('MyOrg2MSP').evaluateTransaction('getRaw', 'lagging'))).toBe('1');
    test.ledger.faults.next('slow-commit', { mspid: 'MyOrg2MSP', delayMs: 1_500 });
    await contract.submitTransaction('rmw', 'lagging');
    expect(await text(test.contract('MyOrg2MSP').evaluateTransaction('getRaw', 'lagging'))).toBe('1');
    await expect(contract.submitTransaction('rmw', 'lagging')).rejects.toThrow(EndorseError);
    await expect.poll(() => text(test.contract('MyOrg2MSP').evaluateTransaction('getRaw', 'lagging')), { timeout: 5_000 }).toBe('2');
  });

  it('transaction-lost: it is taken and never comes', async () => {
    const contract = test.contract();
    const transaction = await contract.newProposal('put', { arguments: ['gone', 'x'] }).endorse();
    test.ledger.faults.next('transaction-lost');
    const submitted = await transaction.submit();
    await expect(submitted.getStatus({ deadline: Date.now() + 300 })).rejects.toMatchObject({ code: 4 });
    expect(await outcome()).toBe('committed');
    expect(await text(contract.evaluateTransaction('getRaw', 'gone'))).toBe('');
  });

  it('the orderer stops and starts', async () => {
    await test.ledger.stopOrderer();
    expect(await outcome()).toMatchObject({ code: 14 });
    await test.ledger.startOrderer();
    expect(await outcome()).toBe('committed');
  });
});

describe('a ledger', () => {
  it('writes a network file of the peers and identities that work', async () => {
    const file = parse(await readFile(test.ledger.networkFile, 'utf8')) as {
      identities: Record<string, { cert: string; peer: string }>;
      peers: Record<string, { url: string }>;
    };
    const { peer = '', cert = '' } = file.identities['MyOrg2MSP'] ?? {};
    const [, second] = test.ledger.organizations;
    expect(file.peers[peer]?.url).toBe(`grpcs://${second?.gatewayAddress}`);
    await access(cert);
  });

  it('forgets the read-write sets of a block when all peers have committed it', async () => {
    const [first, second] = ['MyOrg1MSP', 'MyOrg2MSP'].map((mspid) => test.ledger.channel(mspid, 'mychannel'));
    await test.contract().submitTransaction('put', 'k', 'v');
    await expect.poll(() => first?.height === second?.height).toBe(true);
    const last = first?.block(first.height - 1)?.transactions[0];
    expect(last?.action?.chaincode).toBe('probe');
    expect(last?.action?.sets).toEqual([]);
  });

  it('is another one every time', async () => {
    await using other = await startDevLedger();
    const hashOf = (ledger: typeof other): string =>
      Buffer.from(ledger.channel('MyOrg1MSP', 'mychannel')?.block(0)?.hash ?? []).toString('hex');
    expect(hashOf(other)).toMatch(/^[\da-f]{64}$/);
    expect(hashOf(other)).not.toBe(hashOf(test.ledger));
  });

  it('asks for client certificates when it is told to', async () => {
    await using ledger = await startDevLedger({ mutualTls: true });
    const { client, gateway } = connectTo(ledger, 'MyOrg1MSP');
    const qscc = gateway.getNetwork('mychannel').getContract('qscc');
    await qscc.evaluateTransaction('GetChainInfo', 'mychannel');
    client.close();
    expect(await readFile(ledger.networkFile, 'utf8')).toContain('tlsKey');
  });

  it('follows the rules of CouchDB when it is told to', async () => {
    await using other = await startTestLedger({ stateDatabase: 'couchdb' });
    const contract = other.contract();
    await contract.submitTransaction('put', 'k', '{"b":1, "a":2}');
    expect(await text(contract.evaluateTransaction('getRaw', 'k'))).toBe('{"a":2,"b":1}');
    await expect(contract.evaluateTransaction('put', '_k', 'x')).rejects.toThrow('cannot begin with');
  });

  it('removes its folder at the end, and answers no more', async () => {
    const ledger = await startDevLedger();
    await ledger[Symbol.asyncDispose]();
    await expect(access(ledger.networkFile)).rejects.toThrow();
  });
});

import * as grpc from '@grpc/grpc-js';
import { peer } from '@hyperledger/fabric-protos';
import { afterEach, describe, expect, it } from 'vitest';
import { Authority } from '../crypto/authority.ts';
import { TransactionSimulator } from '../state/simulator.ts';
import { StateDb } from '../state/state-db.ts';
import type { InstalledPackage } from './definitions.ts';
import { ChaincodeLink, type Execution } from './link.ts';

const Type = peer.ChaincodeMessage.Type;
type Stream = grpc.ServerDuplexStream<peer.ChaincodeMessage, peer.ChaincodeMessage>;

/** What a chaincode does with each message of its peer after the handshake. */
type Behaviour = (stream: Stream, message: peer.ChaincodeMessage) => void;

const stack: (() => void)[] = [];
afterEach(() => {
  for (const close of stack.splice(0).toReversed()) close();
});

async function serve(
  behaviour: Behaviour,
  { id = 'cc_1:hash', credentials = grpc.ServerCredentials.createInsecure() } = {},
): Promise<string> {
  const server = new grpc.Server();
  const connect: grpc.handleBidiStreamingCall<peer.ChaincodeMessage, peer.ChaincodeMessage> = (stream) => {
    const registration = new peer.ChaincodeID();
    registration.setName(id);
    stream.write(reply(new peer.ChaincodeMessage(), Type.REGISTER, registration.serializeBinary()));
    stream.on('data', (message: peer.ChaincodeMessage) => {
      const type: number = message.getType();
      if (type !== Type.REGISTERED && type !== Type.READY) behaviour(stream, message);
    });
  };
  const write = (message: peer.ChaincodeMessage): Buffer => Buffer.from(message.serializeBinary());
  server.register('/protos.Chaincode/Connect', connect, write, (bytes) => peer.ChaincodeMessage.deserializeBinary(bytes), 'bidi');
  stack.push(() => server.forceShutdown());
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', credentials, (error, found) => (error === null ? resolve(found) : reject(error)));
  });
  return `127.0.0.1:${port}`;
}

function reply(to: peer.ChaincodeMessage, type: number, payload: Uint8Array): peer.ChaincodeMessage {
  const message = new peer.ChaincodeMessage();
  message.setType(type as ReturnType<peer.ChaincodeMessage['getType']>);
  message.setTxid(to.getTxid());
  message.setChannelId(to.getChannelId());
  message.setPayload(payload);
  return message;
}

function linkTo(
  address: string,
  { executeTimeoutMs = 5_000, tls }: { executeTimeoutMs?: number; tls?: InstalledPackage['tls'] } = {},
): ChaincodeLink {
  const link = new ChaincodeLink({
    installed: { label: 'cc_1', packageId: 'cc_1:hash', address, tls },
    executeTimeoutMs: () => executeTimeoutMs,
    invoke: () => Promise.reject(new Error('no other chaincode')),
  });
  stack.push(() => link.close());
  return link;
}

function execution(transactionId = 't1', state = new StateDb()): Execution {
  const simulator = new TransactionSimulator({ state, history: () => [].values(), transactionId, release: () => undefined });
  const invocation = {
    channel: 'mychannel',
    transactionId,
    signedProposal: new peer.SignedProposal(),
    creator: new Uint8Array(),
    simulator,
  };
  return { invocation, namespace: 'cc', input: new peer.ChaincodeInput() };
}

const complete: Behaviour = (stream, message) => stream.write(reply(message, Type.COMPLETED, Buffer.from('done')));

const outcome = (work: Promise<peer.ChaincodeMessage>): Promise<string> =>
  work.then(
    (message) => Buffer.from(message.getPayload_asU8()).toString(),
    (error: unknown) => (error as Error).message,
  );

describe('a transaction', () => {
  it('is answered by the chaincode, over one stream for all', async () => {
    const streams = new Set<Stream>();
    const address = await serve((stream, message) => {
      streams.add(stream);
      complete(stream, message);
    });
    const link = linkTo(address);
    expect(await Promise.all(['a', 'b', 'c'].map((id) => outcome(link.execute(execution(id)))))).toEqual(['done', 'done', 'done']);
    expect(streams.size).toBe(1);
  });

  it('runs once at a time under its id', async () => {
    let first: (() => void) | undefined;
    const link = linkTo(
      await serve((stream, message) => {
        first = () => complete(stream, message);
      }),
    );
    const running = outcome(link.execute(execution('t1')));
    await expect.poll(() => first).toBeDefined();
    expect(await outcome(link.execute(execution('t1')))).toBe('error sending: txid: t1(mychannel) exists');
    first?.();
    expect(await running).toBe('done');
  });

  it('is given up after its time', async () => {
    const link = linkTo(await serve(() => undefined), { executeTimeoutMs: 50 });
    expect(await outcome(link.execute(execution()))).toBe('error sending: timeout expired while executing transaction');
  });

  it('ends with the stream; the next one opens another', async () => {
    let broken = false;
    const link = linkTo(
      await serve((stream, message) => {
        if (broken) complete(stream, message);
        else stream.end();
        broken = true;
      }),
    );
    expect(await outcome(link.execute(execution()))).toBe('error sending: chaincode stream terminated');
    expect(await outcome(link.execute(execution()))).toBe('done');
  });
});

describe('a request', () => {
  /** Sends the requests one after another and completes with the answers' types and payloads. */
  function asking(requests: readonly (readonly [number, Uint8Array])[]): Behaviour {
    const answers: string[] = [];
    return (stream, message) => {
      if (message.getType() !== Type.TRANSACTION) answers.push(`${message.getType()} ${Buffer.from(message.getPayload_asU8()).toString()}`);
      const next = requests[answers.length];
      stream.write(next === undefined ? reply(message, Type.COMPLETED, Buffer.from(answers.join('|'))) : reply(message, ...next));
    };
  }

  const getState = (key: string): Uint8Array => {
    const message = new peer.GetState();
    message.setKey(key);
    return message.serializeBinary();
  };

  it('that fails is answered with an ERROR in Fabric’s words', async () => {
    const next = new peer.QueryStateNext();
    next.setId('nope');
    const requests = [
      [Type.GET_STATE, getState('k')],
      [Type.GET_STATE, getState('\ud800')],
      [Type.GET_STATE, Buffer.from('garbage')],
      [Type.QUERY_STATE_NEXT, next.serializeBinary()],
      [Type.GET_QUERY_RESULT, new Uint8Array()],
    ] as const;
    expect((await outcome(linkTo(await serve(asking(requests))).execute(execution('t9')))).split('|')).toEqual([
      `${Type.RESPONSE} `,
      `${Type.ERROR} GET_STATE failed: transaction ID: t9: unmarshal failed: string field contains invalid UTF-8`,
      expect.stringMatching(/^\d+ GET_STATE failed: transaction ID: t9: unmarshal failed: proto:/) as string,
      `${Type.ERROR} QUERY_STATE_NEXT failed: transaction ID: t9: query iterator not found`,
      `${Type.ERROR} GET_QUERY_RESULT failed: transaction ID: t9: ExecuteQuery not supported for leveldb`,
    ]);
  });

  it('for a transaction that does not run is refused', async () => {
    const link = linkTo(
      await serve((stream, message) => {
        if (message.getType() === Type.TRANSACTION) {
          const other = reply(message, Type.GET_STATE, getState('k'));
          other.setTxid('other');
          stream.write(other);
        } else {
          const done = reply(message, Type.COMPLETED, message.getPayload_asU8());
          done.setTxid('t1');
          stream.write(done);
        }
      }),
    );
    expect(await outcome(link.execute(execution('t1')))).toBe('GET_STATE failed: transaction ID: other: no ledger context');
  });

  it('of an unknown kind ends the stream', async () => {
    const link = linkTo(await serve((stream, message) => stream.write(reply(message, Type.UNDEFINED, new Uint8Array()))));
    expect(await outcome(link.execute(execution()))).toBe('error sending: chaincode stream terminated');
  });
});

describe('a chaincode', () => {
  it('that does not listen is refused with the words of a refused connection', async () => {
    const address = await serve(complete);
    for (const close of stack.splice(0)) close();
    expect(await outcome(linkTo(address).execute(execution()))).toBe(
      `could not launch chaincode cc_1:hash: connection to cc_1:hash failed: error cannot create connection for cc_1:hash: error creating grpc connection to ${address}: failed to create new connection: connection error: desc = "transport: error while dialing: dial tcp ${address}: connect: connection refused"`,
    );
  });

  it('that registers under another package id is left', async () => {
    const link = linkTo(await serve(complete, { id: 'other_1:hash' }));
    expect(await outcome(link.execute(execution()))).toContain('could not launch chaincode cc_1:hash');
  });

  it('is reached over mutual TLS', async () => {
    const ca = await Authority.create({ commonName: 'tlsca' });
    const { cert: rootCert } = await ca.pair();
    const server = await ca.issue({ subject: { commonName: 'chaincode' }, hosts: ['127.0.0.1'] });
    const client = await ca.issue({ subject: { commonName: 'peer' }, hosts: ['127.0.0.1'] });
    const pair = { cert_chain: Buffer.from(server.cert), private_key: Buffer.from(server.key) };
    const credentials = grpc.ServerCredentials.createSsl(Buffer.from(rootCert), [pair], true);
    const address = await serve(complete, { credentials });
    expect(await outcome(linkTo(address, { tls: { rootCert, clientCert: client.cert, clientKey: client.key } }).execute(execution()))).toBe(
      'done',
    );
    expect(await outcome(linkTo(address, { tls: { rootCert } }).execute(execution()))).toContain('could not launch');
    expect(await outcome(linkTo(address).execute(execution()))).toContain('could not launch');
  });
});

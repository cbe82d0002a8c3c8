import { once } from 'node:events';
import { get } from 'node:http';
import { text } from 'node:stream/consumers';
import { Client, type ClientDuplexStream, credentials } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { ChaincodeProcess } from '../testing/chaincode-process.ts';
import { findFreeAddress } from '../testing/free-address.ts';

// ChaincodeMessage of the protocol, as far as needed: field 1 is the type.
const [REGISTER, REGISTERED, READY, KEEPALIVE] = [1, 2, 4, 18];
const WAIT_MS = 10_000;

const message = (type: number): Buffer => Buffer.of(0x08, type);
const asIs = (bytes: Buffer): Buffer => bytes;

const open: (Disposable | AsyncDisposable)[] = [];

afterEach(async () => {
  for (const resource of open.splice(0).toReversed()) {
    if (Symbol.asyncDispose in resource) await resource[Symbol.asyncDispose]();
    else resource[Symbol.dispose]();
  }
});

async function start(more: Readonly<Record<string, string>> = {}): Promise<{ readonly chaincode: ChaincodeProcess; readonly address: string }> {
  const address = await findFreeAddress();
  const chaincode = await ChaincodeProcess.start({ CHAINCODE_CCID: 'orchestrator_1:ab', CHAINCODE_ADDRESS: address, ...more });
  open.push(chaincode);
  return { chaincode, address };
}

/** The stream that a peer opens. */
function connectAsPeer(address: string): ClientDuplexStream<Buffer, Buffer> {
  const client = new Client(address, credentials.createInsecure());
  open.push({ [Symbol.dispose]: () => client.close() });
  return client.makeBidiStreamRequest<Buffer, Buffer>('/protos.Chaincode/Connect', asIs, asIs);
}

async function nextType(stream: ClientDuplexStream<Buffer, Buffer>): Promise<number | undefined> {
  const [bytes] = (await once(stream, 'data', { signal: AbortSignal.timeout(WAIT_MS) })) as [Buffer];
  expect(bytes[0]).toBe(0x08);
  return bytes[1];
}

describe('the process', () => {
  it('registers with its id, survives the keepalive messages of a peer, and ends with 0 at SIGTERM', async () => {
    const { chaincode, address } = await start();
    const stream = connectAsPeer(address);
    stream.on('error', () => undefined);
    expect(await nextType(stream)).toBe(REGISTER);
    for (const type of [REGISTERED, READY] as const) stream.write(message(type ?? 0));
    for (let round = 0; round < 3; round += 1) {
      stream.write(message(KEEPALIVE ?? 0));
      expect(await nextType(stream)).toBe(KEEPALIVE);
    }
    expect(await chaincode.stop('SIGTERM')).toBe(0);
  });

  it('serves metrics when asked to', async () => {
    const metricsAddress = await findFreeAddress();
    await start({ METRICS_ENABLED: 'true', METRICS_ADDRESS: metricsAddress });
    const [response] = (await once(get(`http://${metricsAddress}/metrics`), 'response')) as [Parameters<typeof text>[0]];
    expect(await text(response)).toContain('# TYPE orc_db_transaction_total counter');
  });

  it('ends with 1 and every problem when its environment is wrong', async () => {
    const failing = ChaincodeProcess.start({ LOG_LEVEL: 'loud' });
    await expect(failing).rejects.toThrow(/ended with 1:[^]*3 problems:[^]*CHAINCODE_CCID[^]*CHAINCODE_ADDRESS[^]*LOG_LEVEL/u);
  });

  it('ends with 1 when its address is taken', async () => {
    const { address } = await start();
    const failing = ChaincodeProcess.start({ CHAINCODE_CCID: 'orchestrator_1:ab', CHAINCODE_ADDRESS: address });
    await expect(failing).rejects.toThrow(/ended with 1:[^]*cannot start[^]*EADDRINUSE/u);
  });
});

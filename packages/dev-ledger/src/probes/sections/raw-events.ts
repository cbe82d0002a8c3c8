import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { ServiceError } from '@grpc/grpc-js';
import { common, gateway, orderer, peer } from '@hyperledger/fabric-protos';
import { asIs, mainChannel } from '../connections.ts';
import { serialized } from '../identities.ts';
import type { ProbeKit } from '../kit.ts';
import { codeName } from '../outcomes.ts';
import { type Probe, probe } from '../probe.ts';
import { sha256, timestampOf } from '../proposals.ts';
import { inOrder } from '../transactions.ts';

const OPEN_MS = 900;
const MANY_ANSWERS = 6;
const HOUR_MS = 3_600_000;

type Position = 'oldest' | 'newest' | 'next' | number;

/** What a stream of answers gave until it ended, or for 900 ms. */
interface Read<T> {
  readonly got: readonly T[];
  readonly end: unknown;
}

interface AnswerStream {
  on: ((event: 'data', listener: (bytes: Buffer) => void) => unknown) &
    ((event: 'error', listener: (error: ServiceError) => void) => unknown) &
    ((event: 'end', listener: () => void) => unknown);
  cancel: () => void;
}

function read<T>(kit: ProbeKit, stream: AnswerStream, show: (bytes: Buffer) => T): Promise<Read<T>> {
  const { promise, resolve } = Promise.withResolvers<Read<T>>();
  const got: T[] = [];
  const end = (how: unknown): void => {
    clearTimeout(timer);
    resolve({ got: [...got], end: how });
  };
  const timer = setTimeout(() => {
    end('still open');
    stream.cancel();
  }, OPEN_MS);
  stream.on('data', (bytes) => {
    got.push(show(bytes));
    if (got.length <= MANY_ANSWERS) return;
    end('cut');
    stream.cancel();
  });
  stream.on('error', ({ code, details }) => end({ code, codeName: codeName(code), message: kit.normalise(details) }));
  // The status of a failed call comes after the end of its stream.
  stream.on('end', () => setTimeout(() => end('end'), 50));
  return promise;
}

function seek(position: Position): orderer.SeekPosition {
  const result = new orderer.SeekPosition();
  if (position === 'oldest') result.setOldest(new orderer.SeekOldest());
  else if (position === 'newest') result.setNewest(new orderer.SeekNewest());
  else if (position === 'next') result.setNextCommit(new orderer.SeekNextCommit());
  else {
    const specified = new orderer.SeekSpecified();
    specified.setNumber(position);
    result.setSpecified(specified);
  }
  return result;
}

/** The events of a request made by hand. */
async function rawEvents(
  kit: ProbeKit,
  change: (request: gateway.ChaincodeEventsRequest) => void,
  { hasBadSignature = false }: { readonly hasBadSignature?: boolean } = {},
): Promise<unknown> {
  const request = new gateway.ChaincodeEventsRequest();
  request.setChannelId(mainChannel);
  request.setChaincodeId('probe');
  request.setIdentity(serialized(kit.user.identity));
  change(request);
  const signed = new gateway.SignedChaincodeEventsRequest();
  signed.setRequest(request.serializeBinary());
  signed.setSignature(await kit.user.signer(sha256(hasBadSignature ? Buffer.from('x') : signed.getRequest_asU8())));
  const bytes = Buffer.from(signed.serializeBinary());
  const stream = kit.connections.client(1).makeServerStreamRequest('/gateway.Gateway/ChaincodeEvents', asIs, asIs, bytes);
  const { got, end } = await read(kit, stream, (answer) => {
    const events = gateway.ChaincodeEventsResponse.deserializeBinary(answer).getEventsList();
    return {
      events: events.map((event) => ({
        chaincodeId: event.getChaincodeId(),
        txIdLength: event.getTxId().length,
        eventName: event.getEventName(),
        payload: kit.asText(event.getPayload_asU8()),
      })),
    };
  });
  return { responses: got, end };
}

async function grouping(kit: ProbeKit): Promise<unknown> {
  for (let attempt = 0; attempt < 10; attempt++) {
    const height = await kit.height();
    const [first, , third] = await inOrder([
      await kit.prepare('evOnly', ['a', 'a']),
      await kit.endorse(kit.org1.chaincode('orcc'), 'evOnly', ['o', 'o']),
      await kit.prepare('evOnly', ['b', 'b']),
    ]);
    if (first?.blockNumber !== third?.blockNumber) continue;
    await delay(150);
    return rawEvents(kit, (request) => request.setStartPosition(seek(Number(height))));
  }
  return 'never';
}

/** Requests for events made by hand. */
export const rawEventProbes: readonly Probe[] = [
  probe('ev.raw.grouping', 'the wire answer: one ChaincodeEventsResponse per block, with only the matching events', grouping),
  probe('ev.raw.positions', 'start position oldest, newest, next, none, specified 0 with unknown chaincode', async (kit) => ({
    oldest: await rawEvents(kit, (request) => request.setStartPosition(seek('oldest'))),
    newest: await rawEvents(kit, (request) => request.setStartPosition(seek('newest'))),
    next: await rawEvents(kit, (request) => request.setStartPosition(seek('next'))),
    none: await rawEvents(kit, () => undefined),
  })),
  probe('ev.raw.errors', 'bad signature, unknown channel, empty channel, empty request', async (kit) => ({
    badSignature: await rawEvents(kit, () => undefined, { hasBadSignature: true }),
    unknownChannel: await rawEvents(kit, (request) => request.setChannelId('nosuch')),
    emptyChannel: await rawEvents(kit, (request) => request.setChannelId('')),
    noIdentity: await rawEvents(kit, (request) => request.setIdentity(new Uint8Array())),
  })),
];

interface DeliverOptions {
  readonly method?: 'Deliver' | 'DeliverFiltered';
  readonly start?: Position;
  readonly stop?: Position;
  /** Whether a block that isn't there yet is an error instead of being waited for. */
  readonly failsUnlessReady?: boolean;
  /** Milliseconds since 1970; null for none. */
  readonly timestampMs?: number | null;
  readonly channel?: string;
  readonly hasBadSignature?: boolean;
  /** What is sent instead of positions. */
  readonly data?: Uint8Array;
}

function seekInfo({ start, stop, failsUnlessReady = false }: DeliverOptions): Uint8Array {
  const info = new orderer.SeekInfo();
  if (start !== undefined) info.setStart(seek(start));
  if (stop !== undefined) info.setStop(seek(stop));
  const { BLOCK_UNTIL_READY, FAIL_IF_NOT_READY } = orderer.SeekInfo.SeekBehavior;
  info.setBehavior(failsUnlessReady ? FAIL_IF_NOT_READY : BLOCK_UNTIL_READY);
  return info.serializeBinary();
}

async function deliver(kit: ProbeKit, options: DeliverOptions): Promise<unknown> {
  const { method = 'DeliverFiltered', timestampMs = Date.now(), channel = mainChannel, hasBadSignature = false } = options;
  const channelHeader = new common.ChannelHeader();
  channelHeader.setType(common.HeaderType.DELIVER_SEEK_INFO);
  channelHeader.setChannelId(channel);
  if (timestampMs !== null) channelHeader.setTimestamp(timestampOf(timestampMs));
  const signatureHeader = new common.SignatureHeader();
  signatureHeader.setCreator(serialized(kit.user.identity));
  signatureHeader.setNonce(randomBytes(24));
  const header = new common.Header();
  header.setChannelHeader(channelHeader.serializeBinary());
  header.setSignatureHeader(signatureHeader.serializeBinary());
  const payload = new common.Payload();
  payload.setHeader(header);
  payload.setData(options.data ?? seekInfo(options));
  const envelope = new common.Envelope();
  envelope.setPayload(payload.serializeBinary());
  envelope.setSignature(await kit.user.signer(sha256(hasBadSignature ? Buffer.from('x') : envelope.getPayload_asU8())));
  const stream = kit.connections.client(1).makeBidiStreamRequest(`/protos.Deliver/${method}`, asIs, asIs);
  stream.write(Buffer.from(envelope.serializeBinary()));
  return read(kit, stream, answerName);
}

function answerName(bytes: Buffer): unknown {
  const response = peer.DeliverResponse.deserializeBinary(bytes);
  if (response.hasFilteredBlock()) return 'filtered block';
  if (response.hasBlock()) return 'block';
  if (response.hasBlockAndPrivateData()) return 'block+private';
  const status: number = response.getStatus();
  return { status, name: Object.entries(common.Status).find(([, value]) => Number(value) === status)?.[0] };
}

/** The Deliver service by requests made by hand. */
export const deliverProbe: Probe = probe('blk.deliver', 'protos.Deliver by hand: ranges and refusals', async (kit) => {
  const beyond = Number(await kit.height()) + 10;
  const one = { start: 1, stop: 1 };
  return {
    one: await deliver(kit, one),
    oldestToOne: await deliver(kit, { method: 'Deliver', start: 'oldest', stop: 1 }),
    newest: await deliver(kit, { start: 'newest', stop: 'newest' }),
    stopBeforeStart: await deliver(kit, { start: 2, stop: 1 }),
    noStart: await deliver(kit, { stop: 1 }),
    noStop: await deliver(kit, { start: 1 }),
    notReady: await deliver(kit, { start: beyond, stop: beyond, failsUnlessReady: true }),
    future: await deliver(kit, { start: beyond, stop: beyond }),
    oldTimestamp: await deliver(kit, { ...one, timestampMs: Date.now() - HOUR_MS }),
    futureTimestamp: await deliver(kit, { ...one, timestampMs: Date.now() + HOUR_MS }),
    noTimestamp: await deliver(kit, { ...one, timestampMs: null }),
    unknownChannel: await deliver(kit, { ...one, channel: 'nosuch' }),
    badSignature: await deliver(kit, { ...one, hasBadSignature: true }),
    garbage: await deliver(kit, { data: Buffer.from('garbage') }),
  };
});

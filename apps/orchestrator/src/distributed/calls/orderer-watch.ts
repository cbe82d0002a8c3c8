import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@grpc/grpc-js';
import { common, gateway as messages } from '@hyperledger/fabric-protos';
import type { Log } from '../../log/log.ts';

const INTERVAL_MS = 1000;
const PROBE_TIMEOUT_MS = 3000;

const SUBMIT_METHOD = '/gateway.Gateway/Submit';

/** Where the ordering service was missed. */
export interface MissedOrderer {
  /** The connection to the peer that hands transactions on. */
  readonly client: Client;
  readonly channel: string;
}

/**
 * Knows whether transactions can be ordered. Only transactions find out that they cannot; since a server that is not
 * ready gets none, it asks by itself from then on, with a transaction that the ordering service reads and refuses.
 */
export class OrdererWatch implements AsyncDisposable {
  readonly #log: Log;
  readonly #listeners: (() => void)[] = [];
  readonly #closing = new AbortController();
  #missed: MissedOrderer | undefined;
  #asking: Promise<void> | undefined;

  constructor(log: Log) {
    this.#log = log;
  }

  get isReachable(): boolean {
    return this.#missed === undefined;
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** A transaction has been ordered. */
  reached(): void {
    if (this.#missed === undefined) return;
    this.#missed = undefined;
    this.#log.info({}, 'the ordering service can be reached again');
    this.#tell();
  }

  /** A transaction found no orderer. */
  missed(where: MissedOrderer): void {
    if (this.#missed !== undefined || this.#closing.signal.aborted) return;
    this.#missed = where;
    this.#log.warn({ channel: where.channel }, 'the ordering service cannot be reached');
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    this.#tell();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#asking;
  }

  async #ask(): Promise<void> {
    const { signal } = this.#closing;
    while (this.#missed !== undefined && !signal.aborted) {
      await sleep(INTERVAL_MS, undefined, { signal }).catch(() => undefined);
      if (this.#missed !== undefined && !signal.aborted && (await isOrdering(this.#missed))) this.reached();
    }
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** Whether an orderer reads what it is sent: its refusal of an empty transaction says so. */
function isOrdering({ client, channel }: MissedOrderer): Promise<boolean> {
  const envelope = new common.Envelope();
  envelope.setSignature(Uint8Array.of(0));
  const request = new messages.SubmitRequest();
  request.setChannelId(channel);
  request.setPreparedTransaction(envelope);
  const deadline = Date.now() + PROBE_TIMEOUT_MS;
  const { promise, resolve } = Promise.withResolvers<boolean>();
  client.makeUnaryRequest(
    SUBMIT_METHOD,
    (message: messages.SubmitRequest) => Buffer.from(message.serializeBinary()),
    (bytes) => bytes,
    request,
    { deadline },
    (error) => resolve(error === null || error.details.includes('response from orderer')),
  );
  return promise;
}

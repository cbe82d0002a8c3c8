import { badRequest } from '@orchestrator/lib';
import { UnavailableError } from '../errors.ts';
import type { Caller, EventSubscription, Mode, UnaryCall } from '../mode.ts';
import type { LedgerCalls } from './calls/ledger-calls.ts';
import type { OrdererWatch } from './calls/orderer-watch.ts';
import type { Peers } from './peers/peers.ts';

/** The events of the ledger, as the mode needs them. */
export interface LedgerSubscriptions extends AsyncDisposable {
  /** @throws OrchestrationError OE0002 for an unknown event; UnavailableError */
  subscribe(
    follow: { readonly channel: string; readonly chaincode: string; readonly mspid: string },
    startEventId: string,
  ): Promise<EventSubscription>;
  /** Ends all subscriptions and refuses new ones. */
  drain(): void;
}

/** Which chaincode serves a channel. */
export interface ChaincodeNames {
  chaincodeOf(channel: string): string | undefined;
}

/** Hears who follows events. */
export interface SubscriptionObserver {
  subscribed(channel: string): void;
  unsubscribed(channel: string): void;
}

export interface DistributedModeParts {
  readonly peers: Peers;
  readonly ordering: OrdererWatch;
  readonly calls: LedgerCalls;
  readonly feeds: LedgerSubscriptions;
  readonly channels: ChaincodeNames;
  readonly observer: SubscriptionObserver;
}

/** Distributed mode: the business logic at the peers, and this server in front of them. It disposes of none of its parts. */
export class DistributedMode implements Mode {
  readonly #parts: DistributedModeParts;
  #isDraining = false;

  constructor(parts: DistributedModeParts) {
    this.#parts = parts;
  }

  async call(call: UnaryCall): Promise<Uint8Array> {
    return this.#parts.calls.run({ ...call, chaincode: this.#chaincode(call.caller) });
  }

  async subscribe(caller: Caller, startEventId: string): Promise<EventSubscription> {
    if (this.#isDraining) throw new UnavailableError('the server shuts down');
    const { channel, mspid } = caller;
    const { feeds, observer, peers } = this.#parts;
    peers.require(mspid);
    const subscription = await feeds.subscribe({ channel, mspid, chaincode: this.#chaincode(caller) }, startEventId);
    observer.subscribed(channel);
    return {
      next: () => subscription.next(),
      [Symbol.asyncDispose]: async () => {
        observer.unsubscribed(channel);
        await subscription[Symbol.asyncDispose]();
      },
    };
  }

  isReady(): boolean {
    const { peers, ordering } = this.#parts;
    return peers.isConnected && ordering.isReachable && !this.#isDraining;
  }

  onReadiness(listener: (ready: boolean) => void): void {
    const tell = (): void => listener(this.isReady());
    this.#parts.peers.onState(tell);
    this.#parts.ordering.onChange(tell);
  }

  drain(): void {
    this.#isDraining = true;
    this.#parts.feeds.drain();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.drain();
    return Promise.resolve();
  }

  /** The header's wins over the configuration's, which is for clients that send none. */
  #chaincode({ channel, chaincode }: Caller): string {
    const name = chaincode ?? this.#parts.channels.chaincodeOf(channel);
    if (name === undefined) {
      throw badRequest('header "chaincode" is missing, and the configuration names no chaincode for the channel');
    }
    return name;
  }
}

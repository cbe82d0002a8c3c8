import type { Target } from '../workload/target.ts';

/**
 * The least that a ledger can do: a contract that puts one value and gets one, called as the facade calls the chaincode,
 * on the same channels and under the same endorsement policy.
 */
export interface LeastContract {
  /** Puts a value under a key. Resolves when it is committed. */
  put(channel: string, key: string, value: Uint8Array): Promise<void>;
  /** Gets the value of a key, as a query. */
  get(channel: string, key: string): Promise<Uint8Array>;
}

/** A ledger with the chaincode of two channels and a facade before it, for as long as a benchmark runs. */
export interface BenchNetwork extends AsyncDisposable {
  /** Which ledger, its versions, its endorsement policy and how often it cuts a block. */
  readonly description: string;
  readonly target: Target;
  /** Processes of the facade; their processor time is the server's share. */
  readonly facadePids: readonly number[];
  /** Peers, orderers and what else is the ledger; the database's share. */
  readonly ledgerPids: readonly number[];
  /** Processes of the chaincode, which count as the ledger's too; their memory is told. */
  readonly chaincodePids: readonly number[];
  /** Where it cannot be called, figures stand without their limit. */
  readonly least?: LeastContract;
}

/** A facade that runs already: it is measured and left running. */
export function attachTo(target: Target): BenchNetwork {
  return {
    description: `a server at ${target.addresses.join(', ')}`,
    target,
    facadePids: [],
    ledgerPids: [],
    chaincodePids: [],
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

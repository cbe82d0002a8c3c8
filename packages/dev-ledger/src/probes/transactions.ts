import { setTimeout as delay } from 'node:timers/promises';
import type { Contract, ProposalOptions, Status, SubmittedTransaction, Transaction } from '@hyperledger/fabric-gateway';
import { type Failure, type Outcome, type Outcomes, type ShownBytes, statusOf } from './outcomes.ts';

const CALL_TIMEOUT_MS = 20_000;
const RETRY_PAUSE_MS = 50;
const BLOCK_ATTEMPTS = 12;

/** How far a submitted transaction came. */
export interface Stages {
  readonly endorse: { readonly result: ShownBytes } | Failure;
  readonly submit?: 'accepted' | Failure;
  readonly commit?: ReturnType<typeof statusOf> | Failure;
}

/** What a submission may differ in. */
export interface StagesOptions extends Omit<ProposalOptions, 'arguments'> {
  /** How often endorsements that do not match are asked for again. */
  readonly retries?: number;
  readonly timeoutMs?: number;
}

type Arguments = readonly (string | Uint8Array)[];

/** The deadline of a call that should succeed. */
export function inTime(): { deadline: number } {
  return { deadline: Date.now() + CALL_TIMEOUT_MS };
}

/** Submits through the client library, in one go and in stages. */
export type Transactions = ReturnType<typeof transactionTools>;

/** The tools for submitted transactions. */
export function transactionTools({ asText, errorOf, out }: Outcomes) {
  const stages = async (contract: Contract, name: string, args: Arguments = [], options: StagesOptions = {}): Promise<Stages> => {
    const { retries = 4, timeoutMs = CALL_TIMEOUT_MS, ...more } = options;
    let transaction: Transaction;
    try {
      transaction = await contract.newProposal(name, { arguments: [...args], ...more }).endorse({ deadline: Date.now() + timeoutMs });
    } catch (error) {
      if (retries === 0 || !isMismatch(error)) return { endorse: errorOf(error) };
      await delay(RETRY_PAUSE_MS);
      return stages(contract, name, args, { ...options, retries: retries - 1 });
    }
    const endorse = { result: asText(transaction.getResult()) };
    let submitted: SubmittedTransaction;
    try {
      submitted = await transaction.submit(inTime());
    } catch (error) {
      return { endorse, submit: errorOf(error) };
    }
    try {
      return { endorse, submit: 'accepted', commit: statusOf(await submitted.getStatus(inTime())) };
    } catch (error) {
      return { endorse, submit: 'accepted', commit: errorOf(error) };
    }
  };
  /** Evaluates and submits the same call. */
  const both = async (
    contract: Contract,
    name: string,
    args: Arguments = [],
    options: StagesOptions = {},
  ): Promise<{ evaluate: Outcome<ShownBytes>; submit: Stages }> => ({
    evaluate: await out(contract.evaluate(name, { arguments: [...args], ...options })),
    submit: await stages(contract, name, args, options),
  });
  return { stages, both, endorse, commitAll, sameBlock, twoBlocks };
}

/**
 * Right after a commit the other peer may be a block behind: then the endorsements differ, and are asked for again.
 *
 * @throws EndorseError
 */
async function endorse(contract: Contract, name: string, args: Arguments = [], options: ProposalOptions = {}): Promise<Transaction> {
  for (let retries = 5; ; retries--) {
    try {
      return await contract.newProposal(name, { arguments: [...args], ...options }).endorse(inTime());
    } catch (error) {
      if (retries === 0 || !isPassing(error)) throw error;
      await delay(RETRY_PAUSE_MS);
    }
  }
}

/**
 * Takes a transaction all the way. @returns its result.
 *
 * @throws EndorseError, SubmitError, CommitStatusError, or Error when it is committed as invalid.
 */
export async function submit(contract: Contract, name: string, args: Arguments = []): Promise<Uint8Array> {
  const transaction = await endorse(contract, name, args);
  const { successful, code } = await (await transaction.submit(inTime())).getStatus(inTime());
  if (!successful) throw new Error(`${name} was committed as invalid, code ${code}`);
  return transaction.getResult();
}

/** Orders transactions at once. */
async function commitAll(transactions: readonly Transaction[]): Promise<Status[]> {
  const submitted = await Promise.all(transactions.map((transaction) => transaction.submit(inTime())));
  return Promise.all(submitted.map((one) => one.getStatus(inTime())));
}

/** Endorses, then orders one after another, anew until all are in one block. */
async function sameBlock(make: () => Promise<readonly Transaction[]>) {
  for (let attempt = 0; attempt < BLOCK_ATTEMPTS; attempt++) {
    const statuses = await inOrder(await make());
    if (new Set(statuses.map(({ blockNumber }) => blockNumber)).size === 1) return { sameBlock: true, statuses: statuses.map(statusOf) };
  }
  return { sameBlock: false };
}

/** Orders each in a block of its own. */
async function twoBlocks(make: () => Promise<readonly Transaction[]>) {
  const statuses: Status[] = [];
  for (const transaction of await make()) statuses.push(await (await transaction.submit(inTime())).getStatus(inTime()));
  return { sameBlock: new Set(statuses.map(({ blockNumber }) => blockNumber)).size === 1, statuses: statuses.map(statusOf) };
}

/** Submits one after another, then waits for all. */
export async function inOrder(transactions: readonly Transaction[]): Promise<Status[]> {
  const submitted: SubmittedTransaction[] = [];
  for (const transaction of transactions) submitted.push(await transaction.submit(inTime()));
  return Promise.all(submitted.map((one) => one.getStatus(inTime())));
}

/** On a machine under load even a quick call may take longer than the peers wait. */
function isPassing(error: unknown): boolean {
  return isMismatch(error) || JSON.stringify((error as { details?: unknown }).details ?? '').includes('timeout expired while executing');
}

function isMismatch(error: unknown): boolean {
  return JSON.stringify((error as { details?: unknown }).details ?? '').includes('do not match');
}

import { expect, it } from 'vitest';
import type { LedgerEvent } from './ledger-event.ts';
import { ParsedTransactions } from './parsed-transactions.ts';

function eventsOf(transactionId: string, bytes: number): readonly LedgerEvent[] {
  return [{ id: `${transactionId}:0`, block: 1n, bytes: new Uint8Array(bytes) }];
}

it('parses a transaction once while it is kept, and keeps those that were used last', () => {
  const parsed: string[] = [];
  const transactions = new ParsedTransactions(100);
  const get = (transactionId: string, bytes = 40) =>
    transactions.get(transactionId, () => {
      parsed.push(transactionId);
      return eventsOf(transactionId, bytes);
    });
  const first = get('a');
  get('b');
  expect(get('a')).toBe(first);
  get('c');
  get('a');
  expect(parsed).toEqual(['a', 'b', 'c']);
  get('b');
  expect(parsed).toEqual(['a', 'b', 'c', 'b']);
  get('large', 101);
  get('large', 101);
  expect(parsed.slice(4)).toEqual(['large', 'large']);
});

it('keeps nothing of a transaction that cannot be parsed', () => {
  const transactions = new ParsedTransactions(100);
  const fail = (): never => {
    throw new Error('no events');
  };
  expect(() => transactions.get('a', fail)).toThrow('no events');
  expect(transactions.get('a', () => eventsOf('a', 1))).toHaveLength(1);
});

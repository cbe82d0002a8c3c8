import { type ComputePlan, type Dbal, type PageRequest, toTimestamp } from '@orchestrator/lib';
import { buildComputePlan, buildEvent, buildPerformance, createRandom } from '@orchestrator/testing';
import { describe, expect, it } from 'vitest';
import { createLedgerDbal } from './ledger-dbal.ts';
import { LedgerTransaction } from './ledger-transaction.ts';
import { cutPage, MAX_SCANNED_RECORDS } from './page.ts';
import { StubLedger } from './spec-support.ts';

const random = createRandom(9);
const START = 1_767_225_600_000_000n;
const ALL: PageRequest = { size: 10_000, maxBytes: 4_000_000 };

interface Place {
  readonly txId: string;
  readonly instant: bigint;
}

async function write(ledger: StubLedger, place: Place, work: (dbal: Dbal) => void | Promise<void>): Promise<void> {
  const stub = ledger.begin();
  const transaction = new LedgerTransaction({ stub, ...place, readOnly: false });
  await work(createLedgerDbal(transaction, () => undefined));
  await transaction.flush();
  ledger.commit(stub);
}

function read<T>(ledger: StubLedger, work: (dbal: Dbal) => Promise<T>): Promise<T> {
  const transaction = new LedgerTransaction({ stub: ledger.begin(), txId: 'read', instant: START, readOnly: true });
  return work(createLedgerDbal(transaction, () => undefined));
}

describe('transactions of one instant', () => {
  const places = ['f', '0', '7'].map((txId) => ({ txId, instant: START }));

  it('are listed together in the order of keys, on every page', async () => {
    const ledger = new StubLedger();
    const plans: ComputePlan[] = [];
    for (const place of places) {
      const made = [0, 1, 2].map(() => buildComputePlan(random, { creationDate: toTimestamp(place.instant) }));
      await write(ledger, place, (dbal) => made.forEach((plan) => dbal.computePlan.addComputePlan(plan)));
      plans.push(...made);
    }
    const expected = plans.map(({ key }) => key).toSorted();
    for (const size of [1, 2, 4, 9]) {
      const found: string[] = [];
      let after: PageRequest['after'];
      do {
        const page = await read(ledger, (dbal) => dbal.computePlan.queryComputePlans({}, { ...ALL, size, after }));
        found.push(...page.items.map((item) => (item as unknown as { value: ComputePlan }).value.key));
        after = page.next;
      } while (after !== undefined);
      expect(found).toEqual(expected);
    }
  });

  it('have their events in the order of transactions, and in its reverse', async () => {
    const ledger = new StubLedger();
    for (const place of places) {
      const events = [0, 1].map((index) => buildEvent(random, { id: `${place.txId}:${index}`, timestamp: toTimestamp(START) }));
      await write(ledger, place, (dbal) => dbal.event.addEvents(events));
    }
    const ids = async (descending: boolean, size: number): Promise<string[]> => {
      const found: string[] = [];
      let after: PageRequest['after'];
      do {
        const page = await read(ledger, (dbal) => dbal.event.queryEvents({}, descending, { ...ALL, size, after }));
        found.push(...page.items.map((item) => (item as unknown as { value: { id: string } }).value.id));
        after = page.next;
      } while (after !== undefined);
      return found;
    };
    const expected = ['0:0', '0:1', '7:0', '7:1', 'f:0', 'f:1'];
    for (const size of [1, 2, 5, 6]) {
      expect(await ids(false, size)).toEqual(expected);
      expect(await ids(true, size)).toEqual(expected.toReversed());
    }
  });
});

describe('events of a large transaction', () => {
  it('are in chunks, and listed as if they were not', async () => {
    const ledger = new StubLedger();
    const count = 400;
    const events = Array.from({ length: count }, (_, index) => buildEvent(random, { id: `big:${index}`, timestamp: toTimestamp(START) }));
    await write(ledger, { txId: 'big', instant: START }, (dbal) => dbal.event.addEvents(events));
    const values = ledger.dump().filter(([key]) => key.startsWith('event~'));
    expect(values.length).toBeGreaterThan(2);
    expect(values.every(([, text]) => text.length < 66_000)).toBe(true);
    for (const descending of [false, true]) {
      const found: string[] = [];
      let after: PageRequest['after'];
      do {
        const page = await read(ledger, (dbal) => dbal.event.queryEvents({}, descending, { ...ALL, size: 77, after }));
        found.push(...page.items.map((item) => (item as unknown as { value: { id: string } }).value.id));
        after = page.next;
      } while (after !== undefined);
      const ids = events.map(({ id }) => id);
      expect(found).toEqual(descending ? ids.toReversed() : ids);
    }
  });
});

describe('a long listing', () => {
  it('goes over many pages of the peer, and over its limit within a writing transaction', async () => {
    const ledger = new StubLedger();
    const count = 2000;
    for (let index = 0; index < count; index += 1) {
      const place = { txId: `t${index}`, instant: START + BigInt(index) };
      const performance = buildPerformance(random, { creationDate: toTimestamp(place.instant) });
      await write(ledger, place, (dbal) => dbal.performance.addPerformance(performance));
    }
    const page = await read(ledger, (dbal) => dbal.performance.queryPerformances({}, ALL));
    expect(page.items.length).toBe(count);
    ledger.queryLimit = 1000;
    await write(ledger, { txId: 'last', instant: START + BigInt(count) }, async (dbal) => {
      expect((await dbal.performance.queryPerformances({}, ALL)).items.length).toBe(count);
    });
  });
});

describe('a filter that keeps little', () => {
  const candidates = (kept: number) =>
    Array.from({ length: 25 }, (_, index) => ({
      cursor: [String(index)],
      load: async () => (index === kept ? { bytes: Uint8Array.of(1) } : undefined),
    }));

  it('gives short pages that say so, with a token, until the end', async () => {
    expect(MAX_SCANNED_RECORDS).toBe(10_000);
    expect(await cutPage(candidates(12), ALL, 10)).toEqual({ items: [], next: ['9'], isCut: true });
    expect(await cutPage(candidates(12).slice(10), ALL, 10)).toEqual({ items: [{ bytes: Uint8Array.of(1) }], next: ['19'], isCut: true });
    expect(await cutPage(candidates(12).slice(20), ALL, 10)).toEqual({ items: [] });
  });
});

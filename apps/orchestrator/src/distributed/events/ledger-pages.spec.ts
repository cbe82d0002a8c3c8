import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UnavailableError } from '../../errors.ts';
import { LedgerChangedError } from './event-source.ts';
import { cursorAfter, LEDGER_START, type LedgerCursor } from './ledger-event.ts';
import { LedgerPages, type LedgerPagesSettings } from './ledger-pages.ts';
import { FakeLedger, numberOf, range, refusalOf, shortSettings, until, within } from './spec-support.ts';

/** Patient, so that a slow machine gets full pages. */
const PAGE = { ...shortSettings().pages.page, lingerMs: 300 };

const never = new AbortController().signal;

let ledger: FakeLedger;
let stack: DisposableStack;

beforeEach(() => {
  ledger = new FakeLedger();
  stack = new DisposableStack();
});

afterEach(() => stack.dispose());

function open(settings: Partial<LedgerPagesSettings> = {}): LedgerPages {
  return stack.use(new LedgerPages(ledger, { ...shortSettings().pages, page: PAGE, ...settings }));
}

async function page(pages: LedgerPages, cursor: LedgerCursor, signal = never): Promise<number[]> {
  const events = await within(pages.readAfter(cursor, signal), 5000, 'a page');
  return events.map(({ bytes }) => numberOf(bytes));
}

function addEvents(count: number): void {
  for (let added = 0; added < count; added += 1) ledger.addBlock(1);
}

describe('pages', () => {
  it('end at their limit, never inside of a transaction', async () => {
    ledger.addBlock(4, 4, 4);
    ledger.addBlock(1);
    const pages = open();
    expect(await page(pages, LEDGER_START)).toEqual(range(1, 12));
    expect(await page(pages, ledger.behind(12))).toEqual([13]);
    expect(await page(open({ page: { ...PAGE, bytes: 1 } }), LEDGER_START)).toEqual(range(1, 4));
  });

  it('go on over the same stream for a reader that comes back soon', async () => {
    addEvents(40);
    const pages = open({ parkMs: 5000 });
    let cursor = LEDGER_START;
    for (const start of [1, 11, 21, 31]) {
      expect(await page(pages, cursor)).toEqual(range(start, start + 9));
      cursor = ledger.behind(start + 9);
    }
    expect(ledger.opened).toBe(1);
  });

  it('give their streams back when nobody comes', async () => {
    addEvents(40);
    const pages = open({ parkMs: 20 });
    await page(pages, LEDGER_START);
    await until('the end of the stream', () => ledger.open === 0);
    expect(await page(pages, ledger.behind(10))).toEqual(range(11, 20));
    expect(ledger.opened).toBe(2);
  });

  it('are shared by readers at one place, and kept for those behind', async () => {
    addEvents(20);
    const pages = open();
    const first = await Promise.all(range(1, 50).map(() => page(pages, LEDGER_START)));
    for (const numbers of first) expect(numbers).toEqual(range(1, 10));
    expect(await page(pages, ledger.behind(7))).toEqual(range(8, 10));
    expect(ledger.opened).toBe(1);
  });

  it('end where the next one is known', async () => {
    addEvents(20);
    const pages = open();
    expect(await page(pages, ledger.behind(5))).toEqual(range(6, 15));
    expect(await page(pages, LEDGER_START)).toEqual(range(1, 5));
  });

  it('end where the next one is known, inside of a transaction too, and go on from there', async () => {
    ledger.addBlock(6);
    ledger.addBlock(2);
    const pages = open({ cacheBytes: 0, parkMs: 5000, page: { ...PAGE, events: 1 } });
    const [first, second] = [page(pages, LEDGER_START), page(pages, ledger.behind(2))];
    expect(await Promise.all([first, second])).toEqual([
      [1, 2],
      [3, 4, 5, 6],
    ]);
    expect(await page(pages, ledger.behind(2))).toEqual([3, 4, 5, 6]);
    expect(await page(pages, ledger.behind(6))).toEqual([7, 8]);
    expect(ledger.opened).toBe(2);
  });

  it('take the stream of a reader that is gone for one that waits', async () => {
    addEvents(40);
    const pages = open({ streams: 1, parkMs: 60_000 });
    expect(await page(pages, LEDGER_START)).toEqual(range(1, 10));
    expect(await page(pages, ledger.behind(20))).toEqual(range(21, 30));
    expect(ledger.mostAtOnce).toBe(1);
  });

  it('hand their stream to the first in line', async () => {
    addEvents(3);
    const pages = open({ streams: 1, parkMs: 60_000, turnTimeoutMs: 60_000 });
    const end = page(pages, ledger.behind(3));
    await until('the stream at the end', () => ledger.open === 1);
    const waiting = [page(pages, LEDGER_START), page(pages, ledger.behind(1))];
    addEvents(1);
    expect(await end).toEqual([4]);
    expect(await Promise.all(waiting)).toEqual([[1], [2, 3]]);
  });

  it('are refused to those who wait too long, and go on for the others', async () => {
    addEvents(3);
    const pages = open({ streams: 1, turnTimeoutMs: 50 });
    const end = page(pages, ledger.behind(3));
    await until('the stream at the end', () => ledger.open === 1);
    expect(await refusalOf(page(pages, LEDGER_START))).toBeInstanceOf(UnavailableError);
    addEvents(1);
    expect(await end).toEqual([4]);
    expect(await page(pages, LEDGER_START)).toEqual([1, 2, 3]);
  });

  it('are not read any more when all who waited are gone', async () => {
    addEvents(3);
    const pages = open({ streams: 1 });
    const leaving = [new AbortController(), new AbortController()];
    const waiting = leaving.map(({ signal }) => refusalOf(page(pages, ledger.behind(3), signal)));
    await until('the stream at the end', () => ledger.open === 1);
    leaving[0]?.abort(new Error('the first goes'));
    expect(await waiting[0]).toMatchObject({ message: 'the first goes' });
    expect(ledger.open).toBe(1);
    leaving[1]?.abort(new Error('the second goes'));
    expect(await waiting[1]).toMatchObject({ message: 'the second goes' });
    await until('the end of the stream', () => ledger.open === 0);
    expect(await page(pages, LEDGER_START)).toEqual([1, 2, 3]);
  });

  it('fail with their stream, and can be asked for again', async () => {
    addEvents(3);
    const pages = open();
    const next = refusalOf(page(pages, ledger.behind(3)));
    await until('the stream at the end', () => ledger.open === 1);
    ledger.cut();
    expect(await next).toMatchObject({ message: 'the peer is gone' });
    addEvents(1);
    expect(await page(pages, ledger.behind(3))).toEqual([4]);
  });

  it('tell of a place that is not on the ledger', async () => {
    addEvents(3);
    const pages = open();
    const [first] = ledger.events;
    if (first === undefined) throw new Error('no event');
    const nowhere = { ...cursorAfter(first), after: `${'0'.repeat(64)}:0` };
    await expect(pages.readAfter(nowhere, never)).rejects.toThrow(LedgerChangedError);
    await expect(pages.readAfter(nowhere, never)).rejects.toThrow(/^block 1 of the ledger has no events of transaction 0{64} any more/);
  });
});

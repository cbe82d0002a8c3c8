import { describe, expect, it } from 'vitest';
import { cursorAfter, type LedgerCursor, type LedgerEvent } from './ledger-event.ts';
import { RecentEvents } from './recent-events.ts';

/** Events of one byte each, called by their blocks: `12a` is of block 12. */
function event(id: string): LedgerEvent {
  return { id, block: BigInt(Number.parseInt(id, 10)), bytes: new Uint8Array(1) };
}

function at(id: string): LedgerCursor {
  return cursorAfter(event(id));
}

/** A memory of blocks from 10 on. */
function recentOf(ids: readonly string[], maxEvents = 100): RecentEvents {
  const recent = new RecentEvents({ block: 10n }, maxEvents);
  recent.append(ids.map(event));
  return recent;
}

function idsAfter(recent: RecentEvents, cursor: LedgerCursor): readonly string[] | 'elsewhere' {
  const events = recent.after(cursor);
  return events === 'elsewhere' ? events : events.map(({ id }) => id);
}

describe('recent events', () => {
  const ids = ['10a', '10b', '12a', '12b', '15a'];

  it.each<[string, LedgerCursor, readonly string[] | 'elsewhere']>([
    ['the start of the ledger', { block: 0n }, 'elsewhere'],
    ['the start of a block before them', { block: 9n }, 'elsewhere'],
    ['the start of their first block', { block: 10n }, ids],
    ['the start of a block without events', { block: 11n }, ['12a', '12b', '15a']],
    ['the start of a block in their middle', { block: 12n }, ['12a', '12b', '15a']],
    ['the start of a block to come', { block: 16n }, []],
    ['an event before them', at('9a'), 'elsewhere'],
    ['their first event', at('10a'), ['10b', '12a', '12b', '15a']],
    ['the last event of a block', at('10b'), ['12a', '12b', '15a']],
    ['their last event', at('15a'), []],
    ['an event of the last block that is still to come', at('15b'), []],
    ['an event of a block to come', at('20a'), []],
    ['an event that they should have and do not', at('12x'), 'elsewhere'],
  ])('follow %s', (_, cursor, expected) => {
    expect(idsAfter(recentOf(ids), cursor)).toEqual(expected);
  });

  it.each<[string, LedgerCursor, readonly string[] | 'elsewhere']>([
    ['the start of their first block', { block: 10n }, 'elsewhere'],
    ['the start of the block of the last dropped one', { block: 12n }, 'elsewhere'],
    ['the start of the block behind it', { block: 13n }, ['15a']],
    ['a dropped event', at('10b'), 'elsewhere'],
    ['a dropped event of the same block as the last one', at('12a'), 'elsewhere'],
    ['the last dropped event', at('12b'), ['15a']],
  ])('that are few follow %s', (_, cursor, expected) => {
    expect(idsAfter(recentOf(ids, 1), cursor)).toEqual(expected);
  });

  it('wait for an event that is to come, and pass it', () => {
    const recent = recentOf(['10a']);
    expect(idsAfter(recent, at('11b'))).toEqual([]);
    recent.append([event('11a')]);
    expect(idsAfter(recent, at('11b'))).toEqual([]);
    recent.append([event('11b'), event('11c')]);
    expect(idsAfter(recent, at('11b'))).toEqual(['11c']);
  });

  it('may all be dropped', () => {
    const recent = recentOf(ids, 0);
    expect(idsAfter(recent, at('15a'))).toEqual([]);
    expect(idsAfter(recent, at('12b'))).toEqual('elsewhere');
    recent.append([event('16a')]);
    expect(idsAfter(recent, at('15a'))).toEqual('elsewhere');
    expect(recent.head).toEqual(at('16a'));
  });

  it('find an event by its id while it is kept', () => {
    const recent = recentOf(ids, 3);
    expect(recent.find('12a')).toEqual(at('12a'));
    expect(recent.find('10b')).toBeUndefined();
    expect(recent.find('nothing')).toBeUndefined();
  });

  it('are refused out of order, and twice', () => {
    expect(() => recentOf(['12a', '11a'])).toThrow('in the order of the ledger');
    expect(() => recentOf(['12a', '12a'])).toThrow('in the order of the ledger');
  });

  it('stay right while many come and go', () => {
    const recent = recentOf([], 10);
    for (let block = 11; block < 500; block += 1) {
      recent.append([event(`${block}a`), event(`${block}b`)]);
      expect(idsAfter(recent, { block: BigInt(Math.max(11, block - 3)) })).toHaveLength(2 * Math.min(4, block - 10));
    }
  });
});

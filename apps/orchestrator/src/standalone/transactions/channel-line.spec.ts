import { describe, expect, it } from 'vitest';
import { UnavailableError } from '../../errors.ts';
import { ChannelLine, type Group, type LineSettings, type LineTicket } from './channel-line.ts';

interface Ticket extends LineTicket {
  readonly name: string;
}

const never = new AbortController().signal;

function ticket(name: string, signal: AbortSignal = never): Ticket {
  return { name, organization: name.replace(/\d+$/u, ''), signal };
}

/** A line whose groups end when they are told to. */
class Station {
  readonly groups: string[][] = [];
  readonly refusals: string[] = [];
  readonly line: ChannelLine<Ticket>;
  #group: Group<Ticket> | undefined;
  #release: (() => void) | undefined;

  constructor(settings: Partial<LineSettings> = {}) {
    this.line = new ChannelLine({ limit: 100, timeoutMs: 10_000, groupSize: 1, ...settings }, (group) => {
      this.#group = group;
      this.groups.push([]);
      this.board();
      return new Promise((resolve) => (this.#release = resolve));
    });
  }

  /** Lets into the group that runs who may still come in; at most so many. */
  board(count = this.count): void {
    for (let left = count; left > 0; left -= 1) {
      const next = this.#group?.next();
      if (next === undefined) return;
      this.groups.at(-1)?.push(next.name);
    }
  }

  /** How many a group takes at once when it begins. */
  count = Infinity;

  enter(...names: string[]): void {
    for (const name of names) this.take(ticket(name));
  }

  take(entering: Ticket): void {
    this.line.enter(entering, (error) => this.refusals.push(`${entering.name}: ${error.message}`));
  }

  /** Ends the group that runs, and waits for the next one. */
  async next(): Promise<void> {
    this.#release?.();
    await new Promise((resolve) => setImmediate(resolve));
  }

  async drain(): Promise<string> {
    for (let left = 1000; this.line.length > 0 && left > 0; left -= 1) await this.next();
    return this.groups.map((group) => group.join('+')).join(' ');
  }
}

describe('the line of a channel', () => {
  it('runs one group at a time', async () => {
    const station = new Station();
    station.enter('a1', 'a2');
    await station.next();
    expect(station.groups).toEqual([['a1']]);
    await station.next();
    expect(station.groups).toEqual([['a1'], ['a2']]);
  });

  it.each([
    ['each organization gets a turn before one gets its second', 1, ['a1', 'a2', 'a3', 'b1', 'c1', 'b2'], 'a1 b1 c1 a2 b2 a3'],
    ['the order of one organization is kept', 1, ['a1', 'a2', 'a3'], 'a1 a2 a3'],
    ['a group is fair as well', 3, ['a1', 'a2', 'a3', 'b1', 'c1'], 'a1+b1+c1 a2+a3'],
    ['a group ends with the round in which somebody in it has nothing left to do', 4, ['a1', 'a2', 'a3', 'b1'], 'a1+b1 a2+a3'],
    ['a group takes more of those who still have some', 5, ['a1', 'a2', 'a3', 'b1', 'b2'], 'a1+b1+a2+b2 a3'],
    ['a group takes more of one who is alone', 3, ['a1', 'a2', 'a3', 'a4'], 'a1+a2+a3 a4'],
    ['everybody who waits gets a turn before a group ends early', 9, ['a1', 'b1', 'c1', 'd1', 'c2', 'd2'], 'a1+b1+c1+d1 c2+d2'],
    ['turns go on behind a full group', 2, ['a1', 'b1', 'c1', 'a2', 'b2'], 'a1+b1 c1+a2 b2'],
  ])('%s', async (_, groupSize, names, expected) => {
    const station = new Station({ groupSize });
    station.enter(...names);
    expect(await station.drain()).toBe(expected);
  });

  it('an organization that sends a hundred times as much does not hold another up', async () => {
    const station = new Station();
    station.enter(...Array.from({ length: 99 }, (_, index) => `a${index}`));
    station.enter('b0');
    await station.next();
    await station.next();
    expect(station.groups).toEqual([['a0'], ['b0']]);
  });

  it('lets those into a running group who come meanwhile, each in turn, and ends it behind them', async () => {
    const station = new Station({ groupSize: 16 });
    station.count = 2;
    station.enter(...Array.from({ length: 9 }, (_, index) => `a${index}`));
    await station.next();
    expect(station.groups).toEqual([['a0', 'a1']]);
    station.enter('b0');
    station.board(Infinity);
    // One more of those who were there before, and none behind the newcomer, who now waits for the commit.
    expect(station.groups).toEqual([['a0', 'a1', 'a2', 'b0']]);
    station.enter('c0');
    station.board(Infinity);
    expect(station.groups).toHaveLength(1);
    expect(station.groups[0]).toHaveLength(4);
  });

  it('lets nobody in any more once a group had nobody to take', async () => {
    const station = new Station({ groupSize: 16 });
    station.enter('a1');
    await station.next();
    station.enter('a2');
    station.board();
    expect(station.groups).toEqual([['a1']]);
    expect(await station.drain()).toBe('a1 a2');
  });

  it('lets a caller go who waits no longer', async () => {
    const station = new Station();
    const gone = new AbortController();
    station.enter('a1');
    await station.next();
    station.take(ticket('a2', gone.signal));
    station.enter('a3');
    gone.abort();
    expect(station.refusals).toEqual(['a2: the caller has gone']);
    expect(await station.drain()).toBe('a1 a3');
  });

  it('does not take a caller who has gone already', () => {
    const station = new Station();
    station.take(ticket('a1', AbortSignal.abort()));
    expect([station.refusals, station.line.length]).toEqual([['a1: the caller has gone'], 0]);
  });

  it('does not call a running one back', async () => {
    const station = new Station();
    const gone = new AbortController();
    station.take(ticket('a1', gone.signal));
    await station.next();
    gone.abort();
    expect([station.groups, station.refusals]).toEqual([[['a1']], []]);
  });

  it('refuses more than it may hold, and takes again when there is room', async () => {
    const station = new Station({ limit: 2 });
    station.enter('a1', 'a2');
    expect(() => station.enter('a3')).toThrow(UnavailableError);
    await station.next();
    station.enter('a4');
    expect(await station.drain()).toBe('a1 a2 a4');
  });

  it('makes room in a full line for an organization that has less in it', async () => {
    const station = new Station({ limit: 3 });
    station.enter('a1', 'a2', 'a3');
    station.enter('b1');
    expect(station.refusals).toEqual(['a3: too many requests wait for this channel, try again later']);
    expect(() => station.enter('a4')).toThrow(UnavailableError);
    // Both have their part now.
    expect(() => station.enter('b2')).toThrow(UnavailableError);
    expect(await station.drain()).toBe('a1 b1 a2');
  });

  it('refuses who has waited too long', async () => {
    const station = new Station({ timeoutMs: 20 });
    station.enter('a1');
    await station.next();
    station.enter('a2');
    await expect.poll(() => station.refusals, { timeout: 5000 }).toEqual([expect.stringContaining('a2: ')]);
    expect(station.line.length).toBe(0);
  });

  it('is idle when nobody waits and nothing runs', async () => {
    const station = new Station();
    station.enter('a1');
    await station.next();
    let isIdle = false;
    const idle = station.line.idle().then(() => (isIdle = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(isIdle).toBe(false);
    await station.next();
    await idle;
    station.enter('a2');
    expect(await station.drain()).toBe('a1 a2');
  });
});

import { describe, expect, it } from 'vitest';
import { UnavailableError } from '../../errors.ts';
import { ChannelLine, type LineSettings, type LineTicket } from './channel-line.ts';

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
  #release: (() => void) | undefined;

  constructor(settings: Partial<LineSettings> = {}) {
    this.line = new ChannelLine({ limit: 100, timeoutMs: 10_000, groupSize: 1, ...settings }, (group) => {
      this.groups.push(group.map(({ name }) => name));
      return new Promise((resolve) => (this.#release = resolve));
    });
  }

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
    ['a group that is not full takes more of the same', 4, ['a1', 'a2', 'a3', 'b1'], 'a1+b1+a2+a3'],
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

import {
  Event,
  type EventDbal,
  type EventFilter,
  type Page,
  type PageRequest,
  Stored,
  badPageToken,
  floorInstant,
} from '@orchestrator/lib';
import type { LoggedEvent } from './channel-state.ts';
import { cutPage } from './page.ts';
import type { Log } from './table.ts';

const POSITION = /^\d{1,15}$/;

interface PositionedEvent extends LoggedEvent {
  readonly position: number;
}

export class MemoryEventDbal implements EventDbal {
  readonly #events: Log<LoggedEvent>;

  constructor(events: Log<LoggedEvent>) {
    this.#events = events;
  }

  addEvents(events: readonly Event[]): void {
    this.#events.append(events.map(toLogged));
  }

  async queryEvents(filter: EventFilter, descending: boolean, page: PageRequest): Promise<Page<Event>> {
    const all = this.#events.entries.map((entry, position): PositionedEvent => ({ ...entry, position }));
    const matching = (descending ? all.toReversed() : all).filter((entry) => matches(entry, filter));
    const following = matching.filter(followingOf(page, descending));
    return cutPage<Event, PositionedEvent>({ following, page, cursorOf: (entry) => [String(entry.position)] });
  }
}

function toLogged(event: Event): LoggedEvent {
  if (event.timestamp === undefined) throw new Error('a stored event has no timestamp');
  return { instant: floorInstant(event.timestamp), stored: Stored.of(Event, event) };
}

function followingOf(page: PageRequest, descending: boolean): (entry: PositionedEvent) => boolean {
  if (page.after === undefined) return () => true;
  const [text, ...rest] = page.after;
  if (text === undefined || !POSITION.test(text) || rest.length > 0) throw badPageToken();
  const after = Number(text);
  return (entry) => (descending ? entry.position < after : entry.position > after);
}

function matches(entry: LoggedEvent, filter: EventFilter): boolean {
  return matchesAsset(entry.stored.value, filter) && matchesTime(entry, filter) && matchesMetadata(entry, filter);
}

function matchesAsset(event: Event, filter: EventFilter): boolean {
  return (
    (filter.assetKey === undefined || event.assetKey === filter.assetKey) &&
    (filter.assetKind === undefined || event.assetKind === filter.assetKind) &&
    (filter.eventKind === undefined || event.eventKind === filter.eventKind)
  );
}

function matchesTime(entry: LoggedEvent, filter: EventFilter): boolean {
  return (
    (filter.start === undefined || entry.instant >= filter.start) &&
    (filter.end === undefined || entry.instant <= filter.end)
  );
}

function matchesMetadata(entry: LoggedEvent, filter: EventFilter): boolean {
  const { metadata } = entry.stored.value;
  return [...(filter.metadata ?? [])].every(([name, value]) => metadata.get(name) === value);
}

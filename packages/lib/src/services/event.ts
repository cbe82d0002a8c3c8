import type { Encoded } from '../codec/codec.ts';
import { encodePage, pageRequest } from '../codec/page.ts';
import type { EventFilter } from '../dbal/event.ts';
import { SortOrder } from '../gen/orchestrator/common.ts';
import type { EventQueryFilter, QueryEventsParam, QueryEventsResponse } from '../gen/orchestrator/event.ts';
import { ceilInstant, floorInstant } from '../time/instant.ts';
import type { Scope } from './scope.ts';

/** The channel's event log. */
export class EventService {
  readonly #scope: Scope;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  /** In the order of the log, or its reverse. @throws OrchestrationError OE0003 for a bad page token. */
  async queryEvents(param: QueryEventsParam): Promise<Encoded<QueryEventsResponse>> {
    const { dbal, settings } = this.#scope;
    const descending = param.sort === SortOrder.DESCENDING;
    // A token of one direction would go on the wrong way in the other.
    const query = descending ? 'QueryEvents-' : 'QueryEvents+';
    const page = pageRequest(query, param, settings.maxPageBytes);
    return encodePage(query, await dbal.event.queryEvents(toFilter(param.filter), descending, page));
  }
}

function toFilter(filter: EventQueryFilter | undefined): EventFilter {
  if (filter === undefined) return {};
  return {
    assetKey: filter.assetKey || undefined,
    assetKind: filter.assetKind || undefined,
    eventKind: filter.eventKind || undefined,
    metadata: filter.metadata.size > 0 ? filter.metadata : undefined,
    start: filter.start === undefined ? undefined : ceilInstant(filter.start),
    end: filter.end === undefined ? undefined : floorInstant(filter.end),
  };
}

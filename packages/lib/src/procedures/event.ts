import { Event, QueryEventsParam, QueryEventsResponse, SubscribeToEventsParam } from '../gen/orchestrator/event.ts';
import { validateQueryEvents } from '../assets/event.ts';
import { defineService, read, stream } from './procedure.ts';

export const eventProcedures = defineService('EventService', {
  QueryEvents: read(
    QueryEventsParam,
    QueryEventsResponse,
    (s, param) => s.event.queryEvents(param),
    validateQueryEvents,
  ),
  SubscribeToEvents: stream(SubscribeToEventsParam, Event),
});

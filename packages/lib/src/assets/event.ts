import { AssetKind, SortOrder } from '../gen/orchestrator/common.ts';
import { EventKind, type QueryEventsParam } from '../gen/orchestrator/event.ts';
import type { Timestamp } from '../gen/google/protobuf/timestamp.ts';
import { checkOneOf } from './checks.ts';
import { Problems } from './problems.ts';

// The range of google.protobuf.Timestamp: the years 1 to 9999.
const MIN_SECONDS = -62_135_596_800n;
const MAX_SECONDS = 253_402_300_799n;
const NANOS_PER_SECOND = 1_000_000_000;

/** @throws OrchestrationError OE0101 for enum values and times that the contract does not have. */
export function validateQueryEvents(param: QueryEventsParam): void {
  const problems = new Problems();
  checkOneOf(problems, 'sort', param.sort, SortOrder);
  checkOneOf(problems, 'filter.asset_kind', param.filter?.assetKind ?? 0, AssetKind);
  checkOneOf(problems, 'filter.event_kind', param.filter?.eventKind ?? 0, EventKind);
  checkTimestamp(problems, 'filter.start', param.filter?.start);
  checkTimestamp(problems, 'filter.end', param.filter?.end);
  problems.throwIfAny();
}

function checkTimestamp(problems: Problems, field: string, timestamp: Timestamp | undefined): void {
  if (timestamp === undefined) return;
  const { seconds, nanos } = timestamp;
  if (seconds < MIN_SECONDS || seconds > MAX_SECONDS || nanos < 0 || nanos >= NANOS_PER_SECOND) {
    problems.add(field, 'must be a time between the years 1 and 9999');
  }
}

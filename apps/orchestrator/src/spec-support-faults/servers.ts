import { type ServiceError, status } from '@grpc/grpc-js';
import type { SpecClient } from '../spec-client.ts';

/** Servers that come and go, each at a place of its own; places go round. */
export interface Servers {
  /** A client of the server at that place as it is now. */
  client(place: number): SpecClient;
  /** `host:port` of the server at that place as it is now. */
  address(place: number): string;
}

const PASSING: ReadonlySet<number> = new Set([status.UNAVAILABLE, status.DEADLINE_EXCEEDED]);

/** What the gRPC library says by itself when a connection ends in the midst of a call. */
const OF_A_LOST_CONNECTION = /^(?:Received RST_STREAM with code|Call cancelled$|Connection dropped)/u;

/** Whether an error leaves it open if the call was carried out. */
export function tellsNothing({ code, details }: ServiceError): boolean {
  return PASSING.has(code) || OF_A_LOST_CONNECTION.test(details);
}

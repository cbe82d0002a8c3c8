import { status } from '@grpc/grpc-js';

/**
 * The name that dashboards know a gRPC status by: `OK`, `NotFound`, `InvalidArgument`. Go's libraries, whose metrics
 * these dashboards were made for, write CANCELLED with one L.
 */
export function statusCodeName(code: status): string {
  if (code === status.OK) return 'OK';
  if (code === status.CANCELLED) return 'Canceled';
  return status[code].toLowerCase().replaceAll(/(?:^|_)([a-z])/g, (_match, letter: string) => letter.toUpperCase());
}

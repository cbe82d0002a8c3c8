import type { ServiceError } from '@grpc/grpc-js';
import type { HistoryApi } from '@orchestrator/testing';
import type { Headers, SpecClient } from './spec-client.ts';

/** A server as random histories call it. @param next gives the client of each call: it may be another server's. */
export function historyApi(next: () => SpecClient, more: Pick<Headers, 'chaincode'> = {}): HistoryApi {
  return async ({ channel, mspid, service, method, request }) => {
    try {
      return { bytes: await next().callBytes(`/orchestrator.${service}/${method}`, request, { channel, mspid, ...more }) };
    } catch (error) {
      const { code, details } = error as ServiceError;
      return { code, message: details };
    }
  };
}

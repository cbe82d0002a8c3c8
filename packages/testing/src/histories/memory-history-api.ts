import { OrchestrationError } from '@orchestrator/lib';
import { createMemoryApi } from '../memory/memory-api.ts';
import { MemoryStore } from '../memory/memory-store.ts';
import { GRPC_STATUS, type HistoryApi } from './api.ts';

/** The business logic over a new store in memory, as an API for histories. */
export function createMemoryHistoryApi(): HistoryApi {
  const api = createMemoryApi(new MemoryStore());
  return async (call) => {
    try {
      return { bytes: await api(call) };
    } catch (error) {
      if (!(error instanceof OrchestrationError)) throw error;
      return { code: GRPC_STATUS[error.code], message: error.message };
    }
  };
}

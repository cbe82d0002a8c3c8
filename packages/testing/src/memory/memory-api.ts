import { type ServiceSettings, callProcedure, decodeRequest, procedures } from '@orchestrator/lib';
import type { MemoryStore } from './memory-store.ts';

/** One unary call, as it comes over the wire. */
export interface ApiCall {
  readonly channel: string;
  readonly mspid: string;
  /** Without package, e.g. `ComputeTaskService`. */
  readonly service: string;
  readonly method: string;
  readonly request: Uint8Array;
}

const SETTINGS: ServiceSettings = { version: '0.0.0-test', maxPageBytes: 4 * 1024 * 1024 - 1024 };

/**
 * The whole API over a store in memory: decoding, validation, the business logic, the transaction.
 *
 * @returns calls one procedure; it gives the answer in its wire form, or throws what the procedure throws.
 */
export function createMemoryApi(
  store: MemoryStore,
  settings: Partial<ServiceSettings> = {},
): (call: ApiCall) => Promise<Uint8Array> {
  const rows = new Map(procedures.map((row) => [`${row.service}/${row.method}`, row]));
  return async (call) => {
    const procedure = rows.get(`${call.service}/${call.method}`);
    if (procedure === undefined) throw new Error(`there is no procedure ${call.service}/${call.method}`);
    const request = decodeRequest(procedure.request, call.request);
    procedure.validate(request);
    const run = procedure.kind === 'write' ? store.transaction.bind(store) : store.read.bind(store);
    const { answer } = await run(call, (dbal, context) =>
      callProcedure({ procedure, request, context, dbal, settings: { ...SETTINGS, ...settings } }),
    );
    return answer;
  };
}

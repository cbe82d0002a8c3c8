import { decodeRequest, formatInvocation, functionName, type IncomingInvocation, parseAnswer, type Procedure, procedures } from '@orchestrator/lib';

/** What a chaincode answers. */
interface Result {
  readonly status: number;
  readonly message?: string | undefined;
  readonly payload?: Uint8Array | undefined;
}

/** The procedure of a service, both as in gRPC. */
export function findProcedure(service: string, method: string): Procedure {
  const found = procedures.find((row) => row.service === service && row.method === method);
  if (found === undefined) throw new Error(`there is no procedure ${service}/${method}`);
  return found;
}

/** The arguments of an invocation, from a request in its wire form. */
export function invocationOf(
  procedure: Procedure,
  bytes: Uint8Array,
  more: Partial<Pick<IncomingInvocation, 'requestId' | 'idempotencyKey'>> = {},
): readonly [string, string] {
  const request = decodeRequest(procedure.request, bytes);
  procedure.validate(request);
  return [functionName(procedure), formatInvocation({ procedure, request, requestId: 'r', ...more })];
}

/** The answer in its wire form. @throws Error for a refusal. */
export function answerOf(procedure: Procedure, { response }: { readonly response: Result }): Uint8Array {
  if (response.status !== 200) throw new Error(response.message);
  return parseAnswer(procedure, Buffer.from(response.payload ?? []).toString('utf8'));
}

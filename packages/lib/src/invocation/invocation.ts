import type { DescMessage } from '@bufbuild/protobuf';
import { describeMethod } from '../codec/descriptors.ts';
import { jsonToWire } from '../codec/read-json.ts';
import { decodeRequest } from '../codec/strict-reader.ts';
import { writeJson } from '../codec/write-json.ts';
import { invalidAsset } from '../errors/orchestration-error.ts';
import type { Procedure } from '../procedures/procedure.ts';
import { parseJson, parseWrapper } from './wrapper.ts';

/** Which procedure an invocation means. */
export type ProcedureName = Pick<Procedure, 'service' | 'method'>;

/** What the facade sends. */
export interface OutgoingInvocation {
  readonly procedure: Procedure;
  /** Decoded and validated. */
  readonly request: unknown;
  readonly requestId: string;
  readonly idempotencyKey?: string | undefined;
}

/** What the chaincode gets. */
export interface IncomingInvocation {
  /** Decoded, not yet validated. */
  readonly request: unknown;
  readonly requestId: string;
  readonly idempotencyKey: string | undefined;
}

/** What the chaincode answers. */
export interface OutgoingAnswer {
  readonly procedure: ProcedureName;
  /** In its wire form. */
  readonly answer: Uint8Array;
  readonly requestId: string;
}

const IDEMPOTENCY_KEY = /^[\x20-\x7e]{1,128}$/u;

/** The chaincode contract that has a procedure, as `orchestrator.computetask` for `ComputeTaskService`. */
export function contractName({ service }: Pick<Procedure, 'service'>): string {
  return `orchestrator.${service.replace(/Service$/u, '').toLowerCase()}`;
}

/** The chaincode function of a procedure, as `orchestrator.computetask:RegisterTasks`. */
export function functionName(procedure: ProcedureName): string {
  return `${contractName(procedure)}:${procedure.method}`;
}

/**
 * The one argument of an invocation: `{"msg": "<protobuf JSON>", "request_id": "…", "idempotency_key": "…"}`.
 * Equal requests give equal text, whatever the order of their maps.
 *
 * @throws OrchestrationError OE0101 for what protobuf JSON cannot say (times outside of the years 1 to 9999).
 */
export function formatInvocation({ procedure, request, requestId, idempotencyKey }: OutgoingInvocation): string {
  const { input } = describeMethod(procedure.service, procedure.method);
  const msg = messageText(input, procedure.request.encode(request).finish());
  return JSON.stringify({ msg, request_id: requestId, idempotency_key: idempotencyKey });
}

function messageText(descriptor: DescMessage, bytes: Uint8Array): string {
  try {
    return writeJson(descriptor, bytes);
  } catch {
    throw invalidAsset(`${descriptor.name} cannot be written as JSON`);
  }
}

/**
 * Reads the argument of an invocation.
 *
 * @throws OrchestrationError OE0101 for everything that is wrong with it: no such JSON, unknown fields, values of
 *   another type, text with U+0000 or half a surrogate pair.
 */
export function parseInvocation(procedure: Procedure, text: string): IncomingInvocation {
  const members = parseWrapper(text, { msg: 'required', request_id: 'required', idempotency_key: 'optional' });
  const idempotencyKey = members.get('idempotency_key');
  if (idempotencyKey !== undefined && !IDEMPOTENCY_KEY.test(idempotencyKey)) {
    throw invalidAsset('idempotency_key must be 1 to 128 printable ASCII characters');
  }
  const { input } = describeMethod(procedure.service, procedure.method);
  const bytes = jsonToWire(input, parseJson(members.get('msg') ?? ''));
  const request = decodeRequest(procedure.request, bytes);
  return { request, requestId: members.get('request_id') ?? '', idempotencyKey };
}

/** The result of an invocation: `{"msg": "<protobuf JSON>", "request_id": "…"}`. */
export function formatAnswer({ procedure, answer, requestId }: OutgoingAnswer): string {
  const { output } = describeMethod(procedure.service, procedure.method);
  return JSON.stringify({ msg: writeJson(output, answer), request_id: requestId });
}

/**
 * The answer in its wire form.
 *
 * @throws OrchestrationError OE0101 for text that no chaincode of this version gives.
 */
export function parseAnswer(procedure: ProcedureName, text: string): Uint8Array {
  const members = parseWrapper(text, { msg: 'required', request_id: 'required' });
  const { output } = describeMethod(procedure.service, procedure.method);
  return jsonToWire(output, parseJson(members.get('msg') ?? ''));
}

import { type Procedure, procedures } from '@orchestrator/lib';
import { Connection } from '../client/connection.ts';
import { encodeHeaders } from '../client/headers.ts';
import type { Call } from '../client/jobs.ts';
import { within } from '../process/clock.ts';
import { headersOf, type Target } from './target.ts';

const CALL_TIMEOUT_MS = 120_000;

function procedureOf(method: string): Procedure {
  const procedure = procedures.find((row) => row.method === method);
  if (procedure === undefined) throw new Error(`no procedure ${method}`);
  return procedure;
}

/** A request in its wire form. Fields that are left out have their defaults. */
export function toCall(method: string, request: object): Call {
  const procedure = procedureOf(method);
  const message = procedure.request.encode(procedure.request.fromPartial(request)).finish();
  return { path: `/orchestrator.${procedure.service}/${method}`, message };
}

/** Calls of the one who measures: to make a scene, and to check what became of it. */
export class Api implements AsyncDisposable {
  readonly #connection: Connection;
  readonly #target: Target;

  private constructor(connection: Connection, target: Target) {
    this.#connection = connection;
    this.#target = target;
  }

  static async open(target: Target): Promise<Api> {
    return new Api(await Connection.open(target.addresses[0] ?? ''), target);
  }

  /** Calls a procedure. @throws Error with the status of a call that fails. */
  async call<T>(channel: string, method: string, request: object): Promise<T> {
    const { path, message } = toCall(method, request);
    const answer = Promise.withResolvers<Buffer>();
    let bytes = Buffer.alloc(0);
    this.#connection.call(encodeHeaders(path, headersOf(this.#target, channel)), message, {
      onMessage: (part) => (bytes = Buffer.from(part)),
      onEnd: (status) => {
        if (status === 'OK') answer.resolve(bytes);
        else answer.reject(new Error(`${method} failed with ${status}`));
      },
    });
    return procedureOf(method).response.decode(await within(answer.promise, CALL_TIMEOUT_MS, method)) as T;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection[Symbol.asyncDispose]();
  }
}

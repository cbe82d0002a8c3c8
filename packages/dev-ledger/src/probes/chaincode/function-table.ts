import type { Context } from 'fabric-contract-api';

/** The functions of a contract, by name. The shim counts their parameters, so that each declares all that it takes. */
export type FunctionTable = Readonly<Record<string, (context: Context, ...args: string[]) => Promise<unknown>>>;

export function bytes(text: string): Uint8Array {
  return Buffer.from(text);
}

/** Undoes the escapes of a JSON string: the caller can pass `\u0000` or an unpaired surrogate. */
export function unescape(text: string): string {
  return JSON.parse(`"${text}"`) as string;
}

/** The value of a key as text; empty for a missing key. */
export async function read({ stub }: Context, key: string): Promise<string> {
  return Buffer.from(await stub.getState(key)).toString();
}

/** Keys and values of a scan. */
export async function drain(
  iterable: AsyncIterable<{ readonly key: string; readonly value: Uint8Array }>,
): Promise<readonly (readonly [string, string])[]> {
  const found: (readonly [string, string])[] = [];
  for await (const { key, value } of iterable) found.push([key, Buffer.from(value).toString()]);
  return found;
}

/** An attribute list that the caller passes as JSON. */
export function list(json: string): string[] {
  return JSON.parse(json) as string[];
}

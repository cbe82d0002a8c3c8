import { Desk } from './desk.ts';

/** What a reader does along some pages, in a copy of the repository. */
export interface Scene {
  readonly name: string;
  /** Whether the copy comes with what is installed here; it does unless told otherwise. */
  readonly isInstalled?: boolean;
  readonly play: (desk: Desk) => Promise<void>;
}

/** Plays a scene at a desk of its own. @param ran gets the commands that were run */
export async function play({ isInstalled = true, play: run }: Scene, ran: Set<string>): Promise<void> {
  await using desk = await Desk.make(ran, { isInstalled });
  await run(desk);
}

/** What a server says when it can be used. */
export const isServing = /is SERVING/;

/** @throws Error when the text lacks something. */
export function expectIn(text: string, ...expected: readonly (string | RegExp)[]): void {
  for (const one of expected) {
    const isThere = typeof one === 'string' ? text.includes(one) : one.test(text);
    if (!isThere) throw new Error(`this does not say ${one}:\n${text.slice(-4000)}`);
  }
}

import { loopTurns, turnsOwner } from '../lines/loop-turns.ts';
import type { Caller } from '../mode.ts';
import type { CallScope } from './call-scope.ts';

/** Waits until the next piece of a call's work may be done. @throws what ended the call meanwhile. */
export type NextTurn = () => Promise<void>;

/** The turns of a call: they go round between the organizations in channels, and between their calls and their streams. */
export function turnsOf(caller: Caller, scope: CallScope, kind: 'unary' | 'stream'): NextTurn {
  const owner = turnsOwner(caller, kind);
  return async () => {
    const turn = loopTurns.enter(owner);
    if (turn !== undefined) await scope.wait(turn);
  };
}

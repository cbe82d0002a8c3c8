import { type Patience, Places } from '../../lines/places.ts';

/** The turn of a call that lost against others: all lines that it asked for are its own until it is disposed of. */
export interface Turn extends Disposable {
  /** From now on calls that come anew stand in line, too, instead of trying at once. */
  close(): void;
}

interface Line {
  readonly places: Places;
  isClosed: boolean;
}

/**
 * Lines of calls that lost a conflict, one for each thing that calls touch. A first try never waits: most calls touch
 * what nobody else does. Who lost tries again in line, so that of many calls which want the same thing only one repeats
 * itself at a time; who still loses against newcomers closes the line to them.
 */
export class ConflictLines {
  readonly #limit: number;
  readonly #lines = new Map<string, Line>();

  /** @param limit how many calls may wait in one line. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether a newcomer must stand in one of these lines. */
  isClosed(names: readonly string[]): boolean {
    return this.#lines.size > 0 && names.some((name) => this.#lines.get(name)?.isClosed === true);
  }

  /**
   * Waits for one's turn in all of these lines.
   *
   * @throws UnavailableError when a line is too long, the caller has gone or the time is over.
   */
  async enter(names: readonly string[], patience: Patience): Promise<Turn> {
    using held = new DisposableStack();
    // Everybody takes them in the same order, so nobody waits in a circle.
    const lines: Line[] = [];
    for (const name of [...new Set(names)].toSorted()) {
      const line = this.#line(name);
      lines.push(line);
      held.defer(() => this.#forgetIdle(name, line));
      held.use(await line.places.enter(patience));
    }
    const turn = held.move();
    return {
      close: () => {
        for (const line of lines) line.isClosed = true;
      },
      [Symbol.dispose]: () => {
        for (const line of lines) line.isClosed = false;
        turn.dispose();
      },
    };
  }

  #line(name: string): Line {
    const known = this.#lines.get(name);
    if (known !== undefined) return known;
    const line = { places: new Places({ count: 1, lineLimit: this.#limit, where: 'for their turn' }), isClosed: false };
    this.#lines.set(name, line);
    return line;
  }

  #forgetIdle(name: string, line: Line): void {
    if (line.places.taken === 0 && this.#lines.get(name) === line) this.#lines.delete(name);
  }
}

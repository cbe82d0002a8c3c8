/** Most that is asked for in one go by several askers. */
const MAX_SIZE = 500;

/** Says when what was asked for is fetched: behind all that may be asked for together with it. */
export type Schedule = (fetch: () => Promise<unknown>) => void;

/** How questions become one. */
export interface JoinedSettings<Question, Answer> {
  /** Answers several questions at once. */
  answer(questions: readonly Question[]): Promise<Answer>;
  /** How many things a question asks for. */
  sizeOf(question: Question): number;
  readonly schedule: Schedule;
}

interface Waiting<Question, Answer> {
  readonly questions: Question[];
  size: number;
  readonly answer: Promise<Answer>;
}

/** Puts questions that are asked at the same time to the store as one: a statement costs more than the rows it finds. */
export class Joined<Question, Answer> {
  readonly #settings: JoinedSettings<Question, Answer>;
  #waiting: Waiting<Question, Answer> | undefined;

  constructor(settings: JoinedSettings<Question, Answer>) {
    this.#settings = settings;
  }

  /** The answer to all questions that were joined with this one. @throws what the store threw, to all of them. */
  ask(question: Question): Promise<Answer> {
    const size = this.#settings.sizeOf(question);
    const waiting = this.#waiting;
    if (waiting === undefined || waiting.size + size > MAX_SIZE) return this.#begin(question, size);
    waiting.questions.push(question);
    waiting.size += size;
    return waiting.answer;
  }

  #begin(question: Question, size: number): Promise<Answer> {
    const { promise: answer, resolve, reject } = Promise.withResolvers<Answer>();
    const waiting: Waiting<Question, Answer> = { questions: [question], size, answer };
    this.#waiting = waiting;
    this.#settings.schedule(() => {
      if (this.#waiting === waiting) this.#waiting = undefined;
      this.#fetch(waiting.questions).then(resolve, reject);
      return answer;
    });
    return answer;
  }

  /** What the store throws at once is a rejection, too: nobody is there to catch it when the time has come. */
  async #fetch(questions: readonly Question[]): Promise<Answer> {
    return this.#settings.answer(questions);
  }
}

import { ErrorCode, type Timestamp } from '@orchestrator/lib';
import { ApiModel, type ModelOutcome } from '../model/api-model.ts';
import { Refusal } from '../model/state.ts';
import { type Random, createRandom } from '../random/random.ts';
import { GRPC_STATUS, type HistoryAnswer, type HistoryApi } from './api.ts';
import { Binding, Difference, compare, show } from './compare.ts';
import { codecsOf, nextStep } from './generator.ts';
import type { Step } from './step.ts';

const EVENT_PAGE_SIZE = 97;
const OPEN_LISTINGS = 8;

/** A history to play. */
export interface HistoryOptions {
  readonly seed: number;
  /** How many calls to make, besides those that read the event log at the end. */
  readonly steps: number;
  readonly api: HistoryApi;
  /** Two channels that hold nothing yet. */
  readonly channels?: readonly [string, string];
  /** Members of both channels, not yet registered. */
  readonly organizations?: readonly string[];
}

/** What a history did. */
export interface HistorySummary {
  /** Answered calls by `<service>/<method>`. */
  readonly answered: ReadonlyMap<string, number>;
  /** Refused calls by error code. */
  readonly refused: ReadonlyMap<string, number>;
  /** Refused calls by `<service>/<method> <code>`. */
  readonly refusals: ReadonlyMap<string, number>;
  readonly model: ApiModel;
}

/** The API did not do what the model says. The message has all that is needed to play the history again. */
export class HistoryMismatch extends Error {
  constructor(where: string, options: ErrorOptions) {
    const cause = options.cause instanceof Error ? options.cause.message : String(options.cause);
    super(`${where}: ${cause}`, options);
    this.name = 'HistoryMismatch';
  }
}

interface Room {
  readonly name: string;
  readonly binding: Binding;
  /** The server's page tokens, see `listingOf`. */
  readonly tokens: Map<string, string>;
  openListings: Step[];
}

/**
 * Plays a random history against an API and compares every answer, and at the end the whole event log of both
 * channels, with the model's. The same seed and steps give the same history.
 *
 * @throws HistoryMismatch naming seed, step and call.
 */
export async function runHistory(options: HistoryOptions): Promise<HistorySummary> {
  const player = new Player(options);
  for (let step = 0; step < options.steps; step += 1) await player.playStep(step);
  await player.readEventLogs();
  return player.summary;
}

class Player {
  readonly #options: HistoryOptions;
  readonly #random: Random;
  readonly #model = new ApiModel();
  readonly #rooms: readonly [Room, Room];
  readonly #answered = new Map<string, number>();
  readonly #refused = new Map<string, number>();
  readonly #refusals = new Map<string, number>();

  constructor(options: HistoryOptions) {
    this.#options = options;
    this.#random = createRandom(options.seed);
    const [first, second] = options.channels ?? ['mychannel', 'yourchannel'];
    this.#rooms = [openRoom(first), openRoom(second)];
  }

  get summary(): HistorySummary {
    return { answered: this.#answered, refused: this.#refused, refusals: this.#refusals, model: this.#model };
  }

  async playStep(index: number): Promise<void> {
    const [room, other] = this.#random.chance(70) ? this.#rooms : this.#rooms.toReversed();
    if (room === undefined || other === undefined) throw new Error('a channel is missing');
    const step = nextStep({
      random: this.#random,
      channel: this.#model.channel(room.name),
      otherChannel: this.#model.channel(other.name),
      organizations: this.#options.organizations ?? ['MyOrg1MSP', 'MyOrg2MSP'],
      times: room.binding.times,
      openListings: room.openListings,
    });
    await this.#play(room, step, `step=${index}`);
  }

  async readEventLogs(): Promise<void> {
    for (const room of this.#rooms) {
      let pageToken = '';
      do {
        const request = { pageToken, pageSize: EVENT_PAGE_SIZE, filter: undefined, sort: 0 };
        const [mspid = ''] = this.#options.organizations ?? ['MyOrg1MSP'];
        const step = { mspid, procedure: 'EventService/QueryEvents', request };
        const answer = await this.#play(room, step, `event log after ${this.#options.steps} steps`);
        pageToken = tokenOf(answer);
      } while (pageToken !== '');
    }
  }

  /** Makes a call and compares its answer. @returns the model's answer. */
  async #play(room: Room, step: Step, label: string): Promise<object | undefined> {
    const outcome = this.#ask(room, step);
    const where = `history seed=${this.#options.seed} ${label} ${room.name} ${step.mspid} ${step.procedure}`;
    const said = step.malformed === undefined ? show(step.request) : `bytes ${step.malformed.toString()}`;
    try {
      const answer = await this.#options.api(callOf(room, step));
      if ('refusal' in outcome) this.#checkRefusal(step, outcome.refusal, answer);
      else this.#checkAnswer({ room, step, wanted: outcome.answer, answer });
    } catch (cause) {
      throw new HistoryMismatch(`${where} ${said}`, { cause });
    }
    return 'answer' in outcome ? outcome.answer : undefined;
  }

  #ask(room: Room, step: Step): ModelOutcome {
    if (step.malformed !== undefined) return { refusal: new Refusal(ErrorCode.InvalidAsset) };
    const { mspid, procedure, request } = step;
    return this.#model.call({ channel: room.name, mspid, procedure, request });
  }

  #checkRefusal(step: Step, refusal: Refusal, answer: HistoryAnswer): void {
    if ('bytes' in answer) {
      throw new Difference('status', refusal.message, codecsOf(step.procedure).response.decode(answer.bytes));
    }
    const { code, text } = refusal;
    const fits = answer.code === GRPC_STATUS[code] && answer.message.startsWith(`${code}: `);
    if (!fits || !answer.message.includes(text)) throw new Difference('status', refusal.message, answer);
    count(this.#refused, code);
    count(this.#refusals, `${step.procedure} ${code}`);
  }

  #checkAnswer({ room, step, wanted, answer }: Answered): void {
    if (!('bytes' in answer)) throw new Difference('status', wanted, answer);
    const { response } = codecsOf(step.procedure);
    const got = response.decode(answer.bytes) as object;
    compare(room.binding, { path: 'answer', wanted: response.fromPartial(wanted), got });
    count(this.#answered, step.procedure);
    rememberPage(room, { step, wanted, got });
  }
}

interface Answered {
  readonly room: Room;
  readonly step: Step;
  readonly wanted: object;
  readonly answer: HistoryAnswer;
}

function openRoom(name: string): Room {
  return { name, binding: new Binding(), tokens: new Map(), openListings: [] };
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

function tokenOf(answer: object | undefined): string {
  return answer !== undefined && 'nextPageToken' in answer ? String(answer.nextPageToken) : '';
}

function rememberPage(room: Room, { step, wanted, got }: { step: Step; wanted: object; got: object }): void {
  const pageToken = tokenOf(wanted);
  if (pageToken === '') return;
  room.tokens.set(listingOf(step, pageToken), tokenOf(got));
  room.openListings = [...room.openListings, { ...step, request: { ...step.request, pageToken } }].slice(
    -OPEN_LISTINGS,
  );
}

/** The call in the server's words: its instants for ticks, its page tokens for the model's. */
function callOf(room: Room, step: Step) {
  const [service = '', method = ''] = step.procedure.split('/');
  const request = step.malformed ?? codecsOf(step.procedure).request.encode(translated(room, step)).finish();
  return { channel: room.name, mspid: step.mspid, service, method, request };
}

/** Names a page: the server's token of another listing, filter or order is another one. */
function listingOf({ procedure, request }: Step, pageToken: string): string {
  return `${procedure} ${show({ ...request, pageToken, pageSize: 0 })}`;
}

function translated(room: Room, step: Step): object {
  const { request } = step;
  if (!('pageToken' in request)) return request;
  const pageToken = room.tokens.get(listingOf(step, String(request.pageToken))) ?? request.pageToken;
  const filter =
    'filter' in request ? (request.filter as { start?: Timestamp; end?: Timestamp } | undefined) : undefined;
  if (filter?.start === undefined && filter?.end === undefined) return { ...request, pageToken };
  const real = (tick: Timestamp | undefined) => (tick === undefined ? undefined : room.binding.realTime(tick));
  return { ...request, pageToken, filter: { ...filter, start: real(filter.start), end: real(filter.end) } };
}

import { connect, reasonOf } from './couchdb.ts';
import type { Answer, CouchDb } from './couchdb.ts';
import { databaseName } from './database-name.ts';
import type { Settings } from './settings.ts';

/** The indexes of every chaincode database, by name. */
export const indexes: Readonly<Record<string, readonly string[]>> = {
  ix_doc_type: ['doc_type'],
  ix_event_ts: ['doc_type', 'asset.timestamp', 'asset.id'],
};

export interface Surroundings {
  /** One line for people. */
  readonly say: (line: string) => void;
  readonly sleep: (durationMs: number) => Promise<void>;
  /** Ends requests and waiting. */
  readonly signal: AbortSignal;
}

const RETRY_DELAY_MS = 1000;

/** Nothing that waiting could put right. */
class Refusal extends Error {
  override readonly name = 'Refusal';
}

/**
 * Sees to it that the database of the chaincode in every channel has its indexes. May run again at any time. A CouchDB
 * that does not answer yet is waited for.
 *
 * @throws Error with one sentence when an index cannot be made or is not there afterwards.
 */
export async function ensureIndexes(settings: Settings, surroundings: Surroundings): Promise<void> {
  const couchDb = connect({ ...settings, signal: surroundings.signal });
  // The number of attempts, not a clock: an attempt that takes longer only adds to it.
  let attemptsLeft = Math.ceil(settings.timeoutMs / RETRY_DELAY_MS);
  for (const channel of settings.channels) {
    const database = databaseName(channel, settings.chaincode);
    for (;;) {
      try {
        await ensureDatabase(couchDb, database, surroundings.say);
        break;
      } catch (error) {
        if (error instanceof Refusal || attemptsLeft <= 0 || surroundings.signal.aborted) throw explain(error, settings.url);
        surroundings.say(`waiting for CouchDB: ${explain(error, settings.url).message}`);
        attemptsLeft -= 1;
        await surroundings.sleep(RETRY_DELAY_MS);
      }
    }
  }
}

/** Fetch hides what it is about in its cause. */
function explain(error: unknown, url: string): Error {
  if (error instanceof TypeError || !(error instanceof Error) || error.name === 'TimeoutError') {
    const cause: unknown = error instanceof Error ? (error.cause ?? error) : error;
    const code = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : String(cause);
    return new Error(`no answer from ${url} (${code})`, { cause: error });
  }
  return error;
}

async function ensureDatabase(couchDb: CouchDb, database: string, say: (line: string) => void): Promise<void> {
  const path = `/${encodeURIComponent(database)}`;
  // The peer takes a database that exists for its own; it makes them only when the chaincode is committed, which is later.
  const made = expectOk(await couchDb.request('PUT', path), { what: `the database ${database} cannot be made`, alsoOk: [412] });
  if (made.status !== 412) say(`${database}: made`);
  for (const [name, fields] of Object.entries(indexes)) {
    const index = { ddoc: name, name, type: 'json', index: { fields } };
    const answer = expectOk(await couchDb.request('POST', `${path}/_index`, index), { what: `${database}: the index ${name} cannot be made` });
    say(`${database}: ${name} ${resultOf(answer)}`);
  }
  const listed = expectOk(await couchDb.request('GET', `${path}/_index`), { what: `${database}: the indexes cannot be listed` });
  for (const [name, fields] of Object.entries(indexes)) {
    if (!isListed(listed.body, { name, fields })) throw new Refusal(`${database}: the index ${name} is not there after it was made`);
  }
}

function expectOk(answer: Answer, { what, alsoOk = [] }: { readonly what: string; readonly alsoOk?: readonly number[] }): Answer {
  const { status } = answer;
  if ((status >= 200 && status < 300) || alsoOk.includes(status)) return answer;
  const message = `${what}: ${reasonOf(answer)}`;
  throw status >= 500 || status === 429 ? new Error(message) : new Refusal(message);
}

function resultOf({ body }: Answer): string {
  return typeof body === 'object' && body !== null && 'result' in body && body.result === 'exists' ? 'is there' : 'made';
}

interface Index {
  readonly name: string;
  readonly fields: readonly string[];
}

function isListed(body: unknown, { name, fields }: Index): boolean {
  const { indexes: listed = [] } = (body ?? {}) as { readonly indexes?: readonly ListedIndex[] };
  const found = listed.find((index) => index.name === name);
  return found?.def?.fields?.map((field) => Object.keys(field)[0]).join() === fields.join();
}

/** As `GET /db/_index` shows it. */
interface ListedIndex {
  readonly name?: string;
  readonly def?: { readonly fields?: readonly Readonly<Record<string, string>>[] };
}

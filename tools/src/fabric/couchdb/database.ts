import { createHash } from 'node:crypto';
import { isObject, type JsonObject, type JsonValue, textOf } from './json-text.ts';
import { compareTexts } from './order.ts';

/** What a document carries beside its fields: Fabric puts values there that are no JSON objects. */
export interface Attachment {
  readonly contentType: string;
  /** Base64. */
  readonly data: string;
}

/** A document in its newest revision. */
export interface StoredDocument {
  readonly id: string;
  readonly revision: string;
  /** Without the names that begin with an underscore and are CouchDB's own. */
  readonly fields: JsonObject;
  readonly attachments: ReadonlyMap<string, Attachment>;
}

/** A document was changed by somebody else since the revision that the writer knows. */
export class UpdateConflict extends Error {
  constructor() {
    super('Document update conflict.');
  }
}

const ownNames: ReadonlySet<string> = new Set(['_id', '_rev', '_attachments', '_deleted']);

/** The documents of one database, in memory. */
export class Database {
  security: JsonValue = { admins: { names: [], roles: [] }, members: { names: [], roles: [] } };
  readonly #documents = new Map<string, StoredDocument>();
  /** The ids in the order of their bytes. */
  readonly #ids: string[] = [];

  get size(): number {
    return this.#documents.size;
  }

  get(id: string): StoredDocument | undefined {
    return this.#documents.get(id);
  }

  all(): Iterable<StoredDocument> {
    return this.#documents.values();
  }

  /** The documents from `start` on, in the order of their ids. */
  *from(start: string): Iterable<StoredDocument> {
    for (let index = this.#find(start); index < this.#ids.length; index++) {
      const document = this.#documents.get(this.#ids[index] ?? '');
      if (document !== undefined) yield document;
    }
  }

  /**
   * Stores a document, or deletes it when it says `_deleted`.
   *
   * @param body as it came in; `_id` and `_rev` in it count where `id` and `revision` are empty.
   * @throws UpdateConflict when the newest revision is another one.
   */
  put(body: JsonObject, id = textOf(body['_id']), revision = textOf(body['_rev'])): StoredDocument {
    const former = this.#documents.get(id);
    if (former !== undefined && former.revision !== revision) throw new UpdateConflict();
    const next: StoredDocument = {
      id,
      revision: nextRevision(revision, body),
      fields: Object.fromEntries(Object.entries(body).filter(([name]) => !ownNames.has(name))),
      attachments: attachmentsOf(body, former),
    };
    if (body['_deleted'] === true) {
      if (former !== undefined) this.#remove(id);
      return next;
    }
    if (former === undefined) this.#ids.splice(this.#find(id), 0, id);
    this.#documents.set(id, next);
    return next;
  }

  #remove(id: string): void {
    this.#documents.delete(id);
    this.#ids.splice(this.#find(id), 1);
  }

  /** The place of the first id that is not before this one. */
  #find(id: string): number {
    let [low, high] = [0, this.#ids.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compareTexts(this.#ids[middle] ?? '', id) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** A document as clients see it: attachments as stubs, or with their content. */
export function render({ id, revision, fields, attachments }: StoredDocument, isFull: boolean): JsonObject {
  if (attachments.size === 0) return { _id: id, _rev: revision, ...fields };
  const shown = [...attachments].map(([name, { contentType, data }]) => {
    const content: JsonObject = isFull ? { data } : { stub: true };
    return [name, { content_type: contentType, ...content }] as const;
  });
  return { _id: id, _rev: revision, ...fields, _attachments: Object.fromEntries(shown) };
}

function nextRevision(revision: string, body: JsonObject): string {
  const number = Number(/^\d+(?=-)/.exec(revision)?.[0] ?? 0) + 1;
  return `${number}-${createHash('md5').update(JSON.stringify(body)).update(revision).digest('hex')}`;
}

function attachmentsOf(body: JsonObject, former: StoredDocument | undefined): ReadonlyMap<string, Attachment> {
  const given = body['_attachments'];
  const attachments = new Map<string, Attachment>();
  if (!isObject(given)) return attachments;
  for (const [name, one] of Object.entries(given)) {
    if (!isObject(one)) continue;
    // A stub stands for what is there already.
    const kept = former?.attachments.get(name);
    if (typeof one['data'] === 'string') attachments.set(name, { contentType: textOf(one['content_type']), data: one['data'] });
    else if (kept !== undefined) attachments.set(name, kept);
  }
  return attachments;
}

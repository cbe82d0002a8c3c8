/* oxlint-disable eslint/max-params -- the shim counts the parameters of a contract's functions */
import type { Context } from 'fabric-contract-api';
import { bytes, drain, type FunctionTable, list, read, unescape } from './function-table.ts';

interface Page {
  readonly keys: readonly string[];
  readonly count: number;
  readonly bookmark: string;
}

interface KeyIterator {
  next: () => Promise<{ readonly done: boolean; readonly value: { readonly key: string } }>;
  close: () => Promise<void>;
}

interface PagedQuery {
  readonly iterator: KeyIterator;
  readonly metadata: { readonly fetchedRecordsCount: number; readonly bookmark: string };
}

async function keysOf({ iterator, metadata }: PagedQuery): Promise<Page> {
  const keys: string[] = [];
  for (let step = await iterator.next(); !step.done; step = await iterator.next()) keys.push(step.value.key);
  await iterator.close();
  return { keys, count: metadata.fetchedRecordsCount, bookmark: metadata.bookmark };
}

async function page({ stub }: Context, start: string, end: string, size: string, bookmark: string): Promise<Page> {
  return keysOf(await stub.getStateByRangeWithPagination(start, end, Number(size), bookmark));
}

async function firstKeys({ stub }: Context, start: string, end: string, count: string): Promise<readonly string[]> {
  const iterator = await stub.getStateByRange(start, end);
  const keys: string[] = [];
  for (let taken = 0; taken < Number(count); taken++) {
    const step = await iterator.next();
    if (step.done) break;
    keys.push(step.value.key);
  }
  await iterator.close();
  return keys;
}

async function scanAndPut({ stub }: Context, start: string, end: string, writtenKey: string): Promise<number> {
  const found = await drain(stub.getStateByRange(start, end));
  await stub.putState(writtenKey, bytes('1'));
  return found.length;
}

/** Scans of ranges and of composite keys, paginated ones among them. */
export const scanFunctions = {
  async rangeAfterPut({ stub }, prefix, key) {
    await stub.putState(prefix + key, bytes('new'));
    return drain(stub.getStateByRange(prefix, `${prefix}~`));
  },
  async range({ stub }, start, end) {
    return drain(stub.getStateByRange(unescape(start), unescape(end)));
  },
  async rangeCount({ stub }, start, end) {
    let count = 0;
    for await (const { key } of stub.getStateByRange(start, end)) count += key === '' ? 0 : 1;
    return count;
  },
  async rangeFirst(context, start, end, count) {
    return firstKeys(context, start, end, count);
  },
  async rangePut(context, start, end, writtenKey) {
    return scanAndPut(context, start, end, writtenKey);
  },
  async rangeFirstPut(context, start, end, count, writtenKey) {
    const keys = await firstKeys(context, start, end, count);
    await context.stub.putState(writtenKey, bytes('1'));
    return keys;
  },
  async getRangePut(context, readKey, start, end, writtenKey) {
    await context.stub.getState(readKey);
    return scanAndPut(context, start, end, writtenKey);
  },
  async rangeMeta({ stub }, start, end) {
    const iterator = await stub.getStateByRange(start, end);
    const { done, value } = await iterator.next();
    await iterator.close();
    return { done, namespace: value.namespace, key: value.key, value: Buffer.from(value.value).toString() };
  },
  async rangeKeys({ stub }, start, end) {
    for await (const record of stub.getStateByRange(start, end)) return Object.keys(record).toSorted();
    return [];
  },
  async idxPut({ stub }, type, attributes) {
    const key = stub.createCompositeKey(type, list(attributes));
    await stub.putState(key, bytes('i'));
    return key;
  },
  async idxKey({ stub }, type, attributes) {
    const key = stub.createCompositeKey(unescape(type), list(attributes));
    return { key, split: stub.splitCompositeKey(key) };
  },
  async idxScan({ stub }, type, attributes) {
    const found: string[][] = [];
    for await (const { key } of stub.getStateByPartialCompositeKey(type, list(attributes))) {
      found.push(stub.splitCompositeKey(key).attributes);
    }
    return found;
  },
  async idxScanPut({ stub }, type, scanned, added) {
    let count = 0;
    for await (const { key } of stub.getStateByPartialCompositeKey(type, [scanned])) count += key === '' ? 0 : 1;
    await stub.putState(stub.createCompositeKey(type, [scanned, added]), bytes('n'));
    return count;
  },
  async page(context, start, end, size, bookmark) {
    return page(context, start, end, size, bookmark);
  },
  async idxPage({ stub }, type, attribute, size, bookmark) {
    return keysOf(await stub.getStateByPartialCompositeKeyWithPagination(type, [attribute], Number(size), bookmark));
  },
  async pageThenPut(context, start, end) {
    const result = await page(context, start, end, '2', '');
    await context.stub.putState('ptp', bytes('1'));
    return result;
  },
  async pageThenDel(context, start, end) {
    const result = await page(context, start, end, '2', '');
    await context.stub.deleteState('ptp');
    return result;
  },
  async putThenPage(context, start, end) {
    await context.stub.putState('ptp2', bytes('1'));
    return page(context, start, end, '2', '');
  },
  async pageThenGet(context, start, end, key) {
    return [await page(context, start, end, '2', ''), await read(context, key)];
  },
  async pageThenEvent(context, start, end) {
    const result = await page(context, start, end, '2', '');
    context.stub.setEvent('paged', bytes('x'));
    return result;
  },
  async richQuery({ stub }, query) {
    return drain(stub.getQueryResult(query));
  },
} satisfies FunctionTable;

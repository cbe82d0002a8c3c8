import { describe, expect, it } from 'vitest';
import { ComputePlan, QueryPlansResponse } from '../gen/orchestrator/computeplan.ts';
import { Stored } from './codec.ts';
import { encodePage, pageRequest, takePageApart } from './page.ts';

const plans = ['one', 'two'].map((name) => ComputePlan.fromPartial({ name }));
const items = plans.map((plan) => Stored.of(ComputePlan, plan));

function tokenAfter(cursor: readonly string[]): string {
  return QueryPlansResponse.decode(encodePage('QueryPlans', { items, next: cursor }).bytes).nextPageToken;
}

describe('a page', () => {
  it('is the same message as one encoded from its parts', () => {
    const answer = QueryPlansResponse.decode(encodePage('QueryPlans', { items }).bytes);
    expect(answer).toEqual({ plans, nextPageToken: '' });
  });

  it('gives a token that brings its cursor back', () => {
    const cursor = ['17', 'ünïcode | "quoted"', ''];
    expect(pageRequest('QueryPlans', { pageToken: tokenAfter(cursor), pageSize: 3 }, 99)).toEqual({
      size: 3,
      maxBytes: 99,
      after: cursor,
    });
  });

  it.each([
    [0, 50],
    [1, 1],
    [10_000, 10_000],
    [10_001, 10_000],
    [4_294_967_295, 10_000],
  ])('of asked size %d has %d items', (pageSize, size) => {
    expect(pageRequest('QueryPlans', { pageToken: '', pageSize }, 99).size).toBe(size);
  });

  it.each([
    ['no base64', '%%%'],
    ['no JSON', btoa('{')],
    ['no list', btoa('{"a":1}')],
    ['no text', btoa('["QueryPlans",1]')],
    ['no cursor', btoa('["QueryPlans"]')],
    ['no UTF-8', btoa('\xff\xfe')],
    ['of another listing', btoa('["QueryTasks","1","a"]')],
  ])('refuses a token with %s', (_, pageToken) => {
    expect(() => pageRequest('QueryPlans', { pageToken, pageSize: 1 }, 99)).toThrow(/^OE0003: /u);
  });
});

describe('a page taken apart', () => {
  it('is its items, their number and the token', () => {
    const { bytes } = encodePage('QueryPlans', { items, next: ['1'] });
    const { nextPageToken } = QueryPlansResponse.decode(bytes);
    const apart = takePageApart(bytes);
    expect({ ...apart, items: undefined }).toEqual({ items: undefined, itemCount: 2, nextPageToken, isCut: false });
    expect(QueryPlansResponse.decode(apart.items)).toEqual({ plans, nextPageToken: '' });
  });

  it('of a listing without items is empty', () => {
    expect(takePageApart(new Uint8Array())).toEqual({ items: new Uint8Array(), itemCount: 0, nextPageToken: '', isCut: false });
  });

  it.each([[[]], [items]])('tells that it was cut, and its token goes on in the same listing', (shown) => {
    const { nextPageToken, isCut } = takePageApart(encodePage('QueryPlans', { items: shown, next: ['1', 'a'], isCut: true }).bytes);
    expect(isCut).toBe(true);
    expect(pageRequest('QueryPlans', { pageToken: nextPageToken, pageSize: 1 }, 99).after).toEqual(['1', 'a']);
    expect(() => pageRequest('QueryTasks', { pageToken: nextPageToken, pageSize: 1 }, 99)).toThrow(/^OE0003: /u);
  });
});

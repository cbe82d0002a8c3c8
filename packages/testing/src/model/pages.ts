import { ErrorCode } from '@orchestrator/lib';
import { Refusal } from './state.ts';

interface Listing<T> {
  readonly param: { readonly pageToken: string; readonly pageSize: number };
  /** Everything of the kind, in order. Nothing is ever taken away from it. */
  readonly all: readonly T[];
  /** Tells the items apart, for ever. */
  readonly nameOf: (item: T) => string;
  readonly keep?: (item: T) => boolean;
}

/** A page of a listing. The model leaves out that pages of very many bytes end early: histories have none. */
export interface ModelPage<T> {
  readonly items: T[];
  /** Names the last item shown: what is added later, or filtered away, does not move the next page. */
  readonly nextPageToken: string;
}

export function pageOf<T>({ param, all, nameOf, keep = () => true }: Listing<T>): ModelPage<T> {
  const start = param.pageToken === '' ? 0 : all.findIndex((item) => tokenOf(nameOf(item)) === param.pageToken) + 1;
  if (param.pageToken !== '' && start === 0) throw new Refusal(ErrorCode.BadRequest);
  const size = param.pageSize === 0 ? 50 : Math.min(param.pageSize, 10_000);
  const left = all.slice(start).filter(keep);
  const items = left.slice(0, size);
  const last = items.at(-1);
  return { items, nextPageToken: last === undefined || left.length === items.length ? '' : tokenOf(nameOf(last)) };
}

function tokenOf(name: string): string {
  return `after ${name}`;
}

import { expect, it } from 'vitest';
import { ReadWriteLock } from './read-write-lock.ts';

it('lets readers in together, a writer alone, and holds back the readers behind a waiting writer', async () => {
  const lock = new ReadWriteLock();
  const seen: string[] = [];
  const first = await lock.read();
  const second = await lock.read();
  const writing = lock.write().then((release) => {
    seen.push('writer');
    return release;
  });
  const late = lock.read().then((release) => {
    seen.push('late reader');
    return release;
  });
  first();
  await Promise.resolve();
  expect(seen).toEqual([]);
  second();
  const release = await writing;
  expect(seen).toEqual(['writer']);
  release();
  (await late)();
  expect(seen).toEqual(['writer', 'late reader']);
});

it('is released once, however often it is asked', async () => {
  const lock = new ReadWriteLock();
  const release = await lock.read();
  const other = await lock.read();
  release();
  release();
  let written = false;
  const writing = lock.write().then((releaseWriter) => {
    written = true;
    releaseWriter();
  });
  await Promise.resolve();
  expect(written).toBe(false);
  other();
  await writing;
  expect(written).toBe(true);
});

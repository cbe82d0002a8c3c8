import { expect, it } from 'vitest';
import { chooseSharedBuffers } from './shared-buffers.ts';

const GIBIBYTE = 2 ** 30;

it.each([
  [0.5, '128MB'],
  [1, '128MB'],
  [4, '512MB'],
  [8, '1024MB'],
  [64, '1024MB'],
])('of %d GiB PostgreSQL caches %s', (memory, expected) => {
  expect(chooseSharedBuffers(memory * GIBIBYTE)).toBe(expected);
});

it('fits this machine', () => {
  expect(chooseSharedBuffers()).toMatch(/^\d{3,4}MB$/u);
});

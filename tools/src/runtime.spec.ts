import { expect, it } from 'vitest';

it('runs on the Node that the project brings, 24 or newer', () => {
  expect(Number.parseInt(process.versions.node, 10)).toBeGreaterThanOrEqual(24);
});

import { expect, test } from 'vitest';
import { formatAddress, parseAddress } from './address.ts';

test.each([
  ['0.0.0.0:9000', '0.0.0.0', 9000],
  ['localhost:0', 'localhost', 0],
  ['[::1]:9000', '::1', 9000],
  ['[::]:65535', '::', 65_535],
  [':9000', '0.0.0.0', 9000],
  ['my-host.example:1', 'my-host.example', 1],
])('%s', (text, host, port) => {
  expect(parseAddress(text)).toEqual({ host, port });
});

test.each([
  '',
  '9000',
  'host',
  'host:',
  'host:65536',
  'host:-1',
  'host:90 00',
  '::1:9000',
  '[::1]',
  '[localhost]:9000',
  '[::1:9000',
  '1.2.3:9000',
  '1.2.3.400:9000',
  'http://host:9000',
  'a b:1',
  'host:9000/',
])('%j is no address', (text) => {
  expect(parseAddress(text)).toBeUndefined();
});

test('an address is written as it is read', () => {
  for (const text of ['0.0.0.0:9000', '[::1]:0', 'localhost:8484']) {
    const address = parseAddress(text);
    expect(address === undefined ? undefined : formatAddress(address)).toBe(text);
  }
});

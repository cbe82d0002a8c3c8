import { expect, test } from 'vitest';
import { maskUrl } from './mask-url.ts';

test.each([
  ['postgres://user:secret@host:5432/db', 'postgres://user:***@host:5432/db'],
  ['postgresql://user@host/db', 'postgresql://user@host/db'],
  ['postgres://u:p%40ss%2F@host/db?sslmode=require', 'postgres://u:***@host/db?sslmode=require'],
  ['postgres://u:p@ss@host/db', 'postgres://u:***@host/db'],
  [
    'postgres://host/db?user=u&password=secret&sslpassword=secret',
    'postgres://host/db?user=u&password=***&sslpassword=***',
  ],
  ['amqp://guest:guest@broker:5672/', 'amqp://guest:***@broker:5672/'],
])('%s is shown as %s', (url, masked) => {
  expect(decodeURIComponent(maskUrl(url))).toBe(masked);
});

test.each([
  'host=db password=secret',
  'postgres://u:sec/ret@host/db',
  'postgres://u:12/secret@host/db',
  'postgres://u:12?secret@host/db',
  'postgres://u:12#secret@host/db',
  'postgres://u:secret@ho st/db',
])('nothing of the password in %s is shown', (url) => {
  expect(maskUrl(url)).not.toMatch(/sec|ret/);
});

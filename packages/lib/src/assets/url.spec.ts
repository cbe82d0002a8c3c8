import { describe, expect, it } from 'vitest';
import { isAbsoluteUrl, isUrl } from './url.ts';

const absolute = [
  'http://host',
  'https://host.tld/path?query=1',
  'ftp://a-b.c_d/x',
  'ws://localhost:1',
  'wss://10.0.0.1:65535/x',
  'tcp://[::1]:80',
  'udp://host_name',
  'http://testserver/function/1/description/',
  'http://host?query',
  'https://host/ünïcode',
];

const withoutScheme = ['host.tld', 'host.tld/path', 'host:80/path', 'host:80', '127.0.0.1:9000/x', 'a.b?c'];

const refused = [
  '',
  'host',
  '/path',
  './path',
  'host/path',
  'HTTP://host',
  'Https://host',
  'file:///etc/passwd',
  's3://bucket/key',
  'javascript:alert(1)',
  'http://',
  'http:///path',
  'http://ho st/x',
  'http://host/a b',
  'http://host/\n',
  '\nhttp://host',
  'http://host:99999/',
  'http://host:/x',
  'http://user:secret@host/',
  'http://-host/',
  'http://host-/',
  'http://.host/',
  'http://a..b/',
];

describe('URLs', () => {
  it.each(absolute)('takes %j, also as an absolute one', (text) => {
    expect([isUrl(text), isAbsoluteUrl(text)]).toEqual([true, true]);
  });

  it.each(withoutScheme)('takes %j, but not as an absolute one', (text) => {
    expect([isUrl(text), isAbsoluteUrl(text)]).toEqual([true, false]);
  });

  it.each(refused)('refuses %j', (text) => {
    expect([isUrl(text), isAbsoluteUrl(text)]).toEqual([false, false]);
  });

  it('answers a long hostile text in linear time', () => {
    expect(isUrl(`http://${'a-'.repeat(100_000)}`)).toBe(false);
  });
});

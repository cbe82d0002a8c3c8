import { describe, expect, it } from 'vitest';
import { couchDbRules, levelDbRules } from './state-rules.ts';

const stored = (text: string): string => Buffer.from(couchDbRules.stored(Buffer.from(text))).toString();

describe('CouchDB', () => {
  it.each([
    ['{ "b" : 1, "a": {"d": [1, {"z": null, "y": true}], "c": "x"} }', '{"a":{"c":"x","d":[1,{"y":true,"z":null}]},"b":1}'],
    ['{"h":"<a&b>"}', String.raw`{"h":"\u003ca\u0026b\u003e"}`],
    ['{"n":12345678901234567890,"f":1.50}', '{"f":1.5,"n":12345678901234567000}'],
    ['[{"b":1,"a":2}]', '[{"b":1,"a":2}]'],
    ['"text"', '"text"'],
    ['{not json}', '{not json}'],
    ['\u0000{', '\u0000{'],
  ])('gives %s back as %s', (written, read) => {
    expect(stored(written)).toBe(read);
  });

  it.each([
    ['_key', 'x', 'invalid key [_key], cannot begin with "_"'],
    ['', 'x', 'invalid key. Empty string is not supported as a key by couchdb'],
    ['k', '{"_id":1}', 'field [_id] is not valid for the CouchDB state database'],
    ['k', '{"~version":1}', 'field [~version] is not valid for the CouchDB state database'],
  ])('refuses the key %j with the value %s', (key, value, words) => {
    expect(() => couchDbRules.check(key, Buffer.from(value))).toThrow(words);
    expect(() => levelDbRules.check(key, Buffer.from(value))).not.toThrow();
  });

  it('ends a paginated scan with the end key, quoted, where LevelDB has no bookmark', () => {
    expect(couchDbRules.lastBookmark('k~')).toBe('k~');
    expect(couchDbRules.lastBookmark('\u0000i\u0000')).toBe(String.raw`\u0000i\u0000`);
    expect(levelDbRules.lastBookmark('k~')).toBe('');
  });

  it('takes other keys and values', () => {
    for (const key of ['k', '\u0000index\u0000a\u0000', 'a_b']) couchDbRules.check(key, Buffer.from('{"a":{"_b":1}}'));
  });
});

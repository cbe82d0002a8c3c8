// Spoiled configuration: sentences for the operator, never an exception, never a hang.
import { createRandom, mutate } from '@orchestrator/testing';
import { describe, expect, it } from 'vitest';
import { buildConfig } from './build-config.ts';
import { parseChannels } from './channels.ts';
import { ConfigError } from './config-error.ts';
import { readEnvironment } from './environment.ts';
import { settingEntries } from './settings.ts';

const isExtended = process.env['ORCHESTRATOR_TEST_EXTENDED'] === '1';
const ROUNDS = isExtended ? 100_000 : 1000;
const TIMEOUT_MS = isExtended ? 1_800_000 : 120_000;

const yaml = Buffer.from(`channels:
  mychannel: [MyOrg1MSP, MyOrg2MSP]
  yourchannel:
    organizations: &all ["MyOrg1MSP", 'MyOrg2MSP']
    chaincode: mycc
  third: *all
`);

describe('channel files', () => {
  it(`${ROUNDS} spoiled ones give channels or sentences`, () => {
    const random = createRandom(1);
    let [good, bad] = [0, 0];
    for (let round = 0; round < ROUNDS; round += 1) {
      const text = mutate(random, yaml, []).subarray(0, 10_000).toString('utf8');
      const { channels, problems } = parseChannels(text);
      if (problems.length > 0) bad += 1;
      else {
        good += 1;
        expect(channels.size, text).toBeGreaterThan(0);
        for (const [name, { organizations }] of channels) expect([name, ...organizations].every(isName), text).toBe(true);
      }
    }
    expect(Math.min(good, bad)).toBeGreaterThan(ROUNDS / 50);
  }, TIMEOUT_MS);

  it.each([
    ['aliases that grow without end', `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghij'.split('').map((name, index) => `${name}: &${name} [${Array(9).fill(`*${'abcdefghi'[index]}`).join()}]\n`).join('')}channels: *j\n`],
    ['an alias of itself', 'channels: &a {mychannel: *a}\n'],
    ['depth', `channels: ${'['.repeat(5000)}\n`],
    ['tags', 'channels: !!js/function "x"\n'],
    ['merge keys', 'base: &b {mychannel: [A]}\nchannels:\n  <<: *b\n'],
    ['two documents', 'channels: {a: [A]}\n---\nchannels: {b: [B]}\n'],
    ['a key that is there twice', 'channels: {a: [A], a: [B]}\n'],
    ['a prototype', 'channels: {__proto__: {organizations: [A], constructor: x}}\n'],
  ])('%s: a sentence', (_what, text) => {
    const { problems } = parseChannels(text);
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.join().length).toBeLessThan(5000);
  });
});

it('spoiled variables give a configuration or sentences that begin with a variable', () => {
  const random = createRandom(2);
  const samples = ['true', '10s', '127.0.0.1:0', 'postgres://u:p@h/d', 'INFO', './data', '42', 'distributed', '{"a":"b"}'];
  for (let round = 0; round < ROUNDS; round += 1) {
    const [, { name }] = random.pick(settingEntries);
    const value = mutate(random, Buffer.from(random.pick(samples)), []).subarray(0, 5000).toString('utf8');
    try {
      buildConfig(readEnvironment({ [name]: value }));
    } catch (error) {
      expect(error, `${name}=${JSON.stringify(value)}`).toBeInstanceOf(ConfigError);
      expect((error as ConfigError).message).toMatch(/^- [A-Z_]+ /m);
    }
  }
}, TIMEOUT_MS);

function isName(text: string): boolean {
  return /^[\x20-\x7e]{1,255}$/.test(text) && !text.includes(',');
}

import { expect, test } from 'vitest';
import { parseChannels } from './channels.ts';

test('the short and the long form', () => {
  const { channels, problems } = parseChannels(`
channels:
  mychannel: [MyOrg1MSP, MyOrg2MSP]
  __proto__:
    organizations:
      - MyOrg3MSP
    chaincode: mycc
`);
  expect(problems).toEqual([]);
  expect(channels).toEqual(
    new Map([
      ['mychannel', { organizations: new Set(['MyOrg1MSP', 'MyOrg2MSP']) }],
      ['__proto__', { organizations: new Set(['MyOrg3MSP']), chaincode: 'mycc' }],
    ]),
  );
});

test('anchors and JSON are YAML, too', () => {
  expect(parseChannels('channels: {a: &orgs [O1], b: *orgs}').problems).toEqual([]);
  expect(parseChannels('{"channels": {"a": ["O1"]}}').problems).toEqual([]);
});

test.each([
  ['', /mapping with the key "channels"/],
  ['- a', /mapping with the key "channels"/],
  ['channels:', /"channels" should map at least one channel/],
  ['channels: {}', /"channels" should map at least one channel/],
  ['channels: [a]', /"channels" should map at least one channel/],
  ['channels: {a: [O1]}\nlisteners: {}', /top level: the key "listeners" is unknown/],
  ['channels: {a: [O1]', /no valid YAML/],
  ['channels: {a: [O1], a: [O2]}', /no valid YAML: Map keys must be unique/],
  ['channels: {a: [O1]}\n---\nchannels: {b: [O1]}', /no valid YAML/],
  ['channels: {a: *nothing}', /no valid YAML/],
  ['channels: {a: }', /channel "a": its organizations should be a list of at least one MSP id/],
  ['channels: {a: O1}', /channel "a": its organizations should be a list/],
  ['channels: {a: []}', /channel "a": its organizations should be a list of at least one/],
  ['channels: {a: {}}', /channel "a": its organizations should be a list/],
  ['channels: {a: [O1, O1]}', /channel "a": the organization "O1" is listed twice/],
  ['channels: {a: [""]}', /channel "a": the organization "" is empty/],
  ['channels: {a: ["O1,O2"]}', /the organization "O1,O2" contains a comma/],
  ['channels: {a: ["O\\01"]}', /not printable ASCII/],
  ['channels: {a: ["Oé"]}', /not printable ASCII/],
  ['channels: {a: [" O1"]}', /begins or ends with a space/],
  ['channels: {a: [1]}', /the organization 1 should be text: put it in quotes/],
  ['channels: {a: [null]}', /the organization null should be text/],
  ['channels: {1: [O1]}', /channel 1: its name should be text/],
  ['channels: {"": [O1]}', /channel "": its name is empty/],
  ['channels: {"a,b": [O1]}', /channel "a,b": its name contains a comma/],
  ['channels: {"a\\0": [O1]}', /not printable ASCII/],
  [`channels: {${'a'.repeat(256)}: [O1]}`, /longer than 255/],
  ['channels: {a: {organizations: [O1], chaincode: 5}}', /channel "a": its chaincode 5 should be text/],
  ['channels: {a: {organizations: [O1], chaincode: ""}}', /channel "a": its chaincode "" is empty/],
  ['channels: {a: {organizations: [O1], policy: x}}', /channel "a": the key "policy" is unknown/],
])('%j is refused', (text, problem) => {
  const { problems } = parseChannels(text);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatch(problem);
});

test('all problems are told at once', () => {
  expect(
    parseChannels('extra: 1\nchannels: {a: [O1, O1], "": [O1], b: {organizations: [7], chaincode: ""}}').problems,
  ).toHaveLength(5);
});

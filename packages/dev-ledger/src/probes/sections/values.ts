import type { ProbeKit } from '../kit.ts';
import { probe, type Section } from '../probe.ts';
import { type HandMadeProposal, makeProposal } from '../proposals.ts';
import { text } from '../text.ts';

async function initRequired(kit: ProbeKit): Promise<unknown> {
  const chaincode = kit.org1.chaincode('initcc');
  const user = kit.connections.user(1);
  const proposal = (...args: string[]): Promise<HandMadeProposal> => makeProposal(user, { chaincode: 'initcc', args, isInit: true });
  const initialize = async (): Promise<unknown> => {
    const { submit, ...result } = await kit.byHand.submitProposal(user, await proposal(''), 5000);
    return submit === undefined ? result : { endorse: 'ok', ...result };
  };
  return {
    note: 'is_init lives in ChaincodeInput (field 3); the Node client cannot set it',
    before: await kit.both(chaincode, 'get', ['x']),
    evaluateInitThrowing: await kit.byHand.evaluate(1, await proposal('nosuch')),
    evaluateInit: await kit.wire(async () => kit.byHand.evaluate(1, await proposal(''))),
    evaluateInitNoArgs: await kit.byHand.evaluate(1, await proposal()),
    init: await initialize(),
    after: await kit.both(chaincode, 'get', ['x']),
    second: await initialize(),
  };
}

/** Results, keys, arguments and what a contract is told of its call. */
export const values: Section = {
  name: 'values',
  probes: [
    ...[
      'retJsonish',
      'retObject',
      'retArray',
      'retBuffer',
      'retUint8',
      'retUndefined',
      'retNull',
      'retNumber',
      'retNaN',
      'retTrue',
      'retFalse',
      'retBigInt',
      'retEmpty',
    ].map((fn) => probe(`ret.${fn}`, `return value ${fn}`, (kit) => kit.both(kit.contract, fn))),
    probe('ret.string', 'retString with quotes, newline and non-ASCII', (kit) =>
      kit.both(kit.contract, 'retString', ['a"b\n é \u{1F600}']),
    ),
    probe('key.missing', 'get of a key never written', (kit) => kit.evaluate('get', 'never')),
    probe('key.ryow', 'read, put, read, delete, read, put in one transaction (missing key, then existing key)', async (kit) => [
      await kit.stages(kit.contract, 'ryow', ['ryow', '1']),
      await kit.stages(kit.contract, 'ryow', ['ryow', '2']),
      await kit.evaluate('get', 'ryow'),
    ]),
    probe('key.rangeAfterPut', 'range scan after a put in the same transaction', async (kit) => [
      await kit.stages(kit.contract, 'rangeAfterPut', ['rap', 'a']),
      await kit.stages(kit.contract, 'rangeAfterPut', ['rap', 'b']),
    ]),
    probe('key.evaluateDoesNotPersist', 'put through evaluate, then get', async (kit) => [
      await kit.evaluate('put', 'evalonly', '1'),
      await kit.evaluate('get', 'evalonly'),
    ]),
    probe('key.readAfterCommit', 'submit to commit, then read at the same peer, 20 times', async (kit) => {
      let stale = 0;
      for (let i = 0; i < 20; i++) {
        await kit.submit('put', 'rac', String(i));
        if (text(await kit.contract.evaluateTransaction('getRaw', 'rac')) !== String(i)) stale++;
      }
      return { stale };
    }),
    probe('key.empty', 'empty key: put, get, delete', async (kit) => [
      await kit.both(kit.contract, 'putEsc', ['', 'v']),
      await kit.both(kit.contract, 'getEsc', ['']),
      await kit.both(kit.contract, 'delEsc', ['']),
    ]),
    probe('key.emptyValue', 'empty value: put, then get, then history length', async (kit) => [
      await kit.both(kit.contract, 'put', ['emptyv', '']),
      await kit.evaluate('get', 'emptyv'),
      await kit.evaluate('range', 'emptyv', 'emptyw'),
      await kit.evaluate('history', 'emptyv'),
    ]),
    ...(
      [
        ['nul', '\\u0000x'],
        ['nulInside', 'a\\u0000b'],
        ['onlyNul', '\\u0000'],
        ['maxRune', '\\udbff\\udfff'],
        ['maxRuneInside', 'z\\udbff\\udfff'],
        ['underscore', '_x'],
        ['u0001', '\\u0001'],
        ['space', ' '],
        ['slash', 'a/b'],
      ] as const
    ).map(([n, key]) =>
      probe(`key.${n}`, `key ${key}: put, get`, async (kit) => [
        await kit.both(kit.contract, 'putEsc', [key, 'v']),
        await kit.evaluate('getEsc', key),
      ]),
    ),
    probe('key.loneSurrogate', 'key with an unpaired surrogate', async (kit) => [
      await kit.both(kit.contract, 'putEsc', ['a\\ud800', 'v']),
      await kit.evaluate('getEsc', 'a\\ud800'),
    ]),
    probe('key.invalidUtf8Argument', 'argument bytes ff fe 41 as key and value', async (kit) => [
      await kit.stages(kit.contract, 'put', [Buffer.from([0xff, 0xfe, 0x41]), Buffer.from([0xff, 0x42])]),
      await kit.evaluate('range', '\\ufffd', '\\ufffe'),
    ]),
    probe('key.invalidUtf8Function', 'first argument (function name) is the bytes ff fe', async (kit) =>
      kit.byHand.evaluate(1, await makeProposal(kit.connections.user(1), { args: [Buffer.from([0xff, 0xfe])] })),
    ),
    probe('key.len', 'key lengths 1000, 65535, 65536, 1000000', async (kit) => {
      const o: Record<number, unknown> = {};
      for (const n of [1000, 65535, 65536, 1000000]) o[n] = await kit.stages(kit.contract, 'putKeyLen', [String(n)]);
      return o;
    }),
    probe('del.existing', 'delete an existing key, then get', async (kit) => {
      await kit.submit('put', 'd1', 'x');
      return [await kit.both(kit.contract, 'del', ['d1']), await kit.evaluate('get', 'd1')];
    }),
    probe('del.missing', 'delete a missing key', (kit) => kit.both(kit.contract, 'del', ['never-there'])),
    probe('args.shapes', 'what the contract sees of strings, JSON, bytes and the empty string', (kit) =>
      kit.evaluate('args', 'a', '{"b":1}', Buffer.from([0xff, 0xfe]), ''),
    ),
    probe('args.noArgs', 'no argument', (kit) => kit.evaluate('args')),
    probe('args.transient', 'transient map seen by evaluate and by submit', async (kit) =>
      kit.both(kit.contract, 'transient', [], { transientData: { a: 'one', b: Buffer.from('two') } }),
    ),
    probe('args.transientSubmitInvocations', 'submit with transient data under AND', (kit) =>
      kit.invocations(() => kit.stages(kit.contract, 'transient', [], { transientData: { a: '1' } })),
    ),
    probe('ctx.who', 'creator, MSPs, id, transaction id, channel, timestamp, binding; by org1 and by org2', async (kit) => [
      await kit.evaluate('who'),
      await kit.out(kit.org2.contract.evaluateTransaction('who')),
    ]),
    probe('ctx.whoPeer2', 'org1 client whose proposal is evaluated at org2 (endorsingOrganizations)', (kit) =>
      kit.out(kit.contract.evaluate('who', { endorsingOrganizations: ['MyOrg2MSP'] })),
    ),
    probe('ctx.timestampEqual', 'txid and timestamp are those of the proposal at both endorsers (a result with both agrees)', (kit) =>
      kit.stages(kit.contract, 'who').then(({ endorse }) => ({
        endorse: 'result' in endorse ? 'equal' : endorse,
        note: 'peerMsp is read from the environment of the chaincode, so who() differs per org',
      })),
    ),
    probe('ctx.decorations', 'decorations', (kit) => kit.evaluate('decorations')),
    probe(
      'hooks.order',
      'hook order of a normal call, of a failing one, of an unknown function; and what afterTransaction stored',
      async (kit) => [
        await kit.both(kit.org1.chaincode('probe'), 'hooks:run', ['x']),
        await kit.evaluate('hooks:last'),
        await kit.both(kit.contract, 'hooks:fail'),
        await kit.both(kit.contract, 'hooks:nosuch', ['y']),
        await kit.evaluate('hooks:last'),
      ],
    ),

    probe(
      'init.required',
      'chaincode defined with --init-required: call before init, init with isInit, wrong calls, second init',
      initRequired,
    ),
    probe('init.flagWithoutInitRequired', 'is_init on a chaincode whose definition does not require init', async (kit) =>
      kit.wire(async () => kit.byHand.evaluate(1, await makeProposal(kit.connections.user(1), { args: [''], isInit: true }))),
    ),
  ],
};

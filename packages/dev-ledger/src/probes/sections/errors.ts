import { text } from '../text.ts';
import { probe, type Section } from '../probe.ts';

interface Metadata {
  readonly contracts: { readonly probe: { readonly transactions: readonly { readonly name: string }[] } };
}

/** How failures of a contract, and calls of what is not there, reach the client. */
export const errors: Section = {
  name: 'errors',
  probes: [
    ...(
      [
        ['throwError', ['boom "q" {"a":1} é']],
        ['throwEmpty', []],
        ['throwString', ['text']],
        ['throwObject', ['objmsg']],
        ['throwPlain', []],
        ['throwNull', []],
        ['rejectError', ['rejected']],
        ['putThenThrow', ['ptt']],
        ['evThrow', []],
      ] as const
    ).map(([fn, args]) =>
      probe(`err.${fn}`, `contract function ${fn}, through evaluate and through submit`, (kit) => kit.both(kit.contract, fn, args)),
    ),
    probe('err.putThenThrow.after', 'the key that putThenThrow wrote', (kit) => kit.evaluate('get', 'ptt')),
    probe('err.unknownFunction', 'function that does not exist (contract has unknownTransaction that throws)', (kit) =>
      kit.both(kit.contract, 'nosuch', ['a', 'b']),
    ),
    probe('err.hiddenFunction', 'function whose name starts with _', (kit) => kit.both(kit.contract, '_hidden')),
    probe('err.unknownContract', 'contract name that does not exist: "nosuch:fn"', (kit) =>
      kit.both(kit.channel.getContract('probe', 'nosuch'), 'fn'),
    ),
    probe('err.qualified', 'probe:two and hooks:run by qualified name', async (kit) => [
      await kit.evaluate('probe:two', 'a', 'b'),
      await kit.evaluate('hooks:run', 'a'),
    ]),
    probe('err.tooFewArgs', 'two(a,b) with 1 argument', (kit) => kit.both(kit.contract, 'two', ['a'])),
    probe('err.tooManyArgs', 'two(a,b) with 3 arguments', (kit) => kit.both(kit.contract, 'two', ['a', 'b', 'c'])),
    probe('err.defaultParam', 'deflt(a,b="B") with 1 and with 2 arguments (fn.length counts to the first default)', async (kit) => [
      await kit.evaluate('deflt', 'a'),
      await kit.evaluate('deflt', 'a', 'b'),
    ]),
    probe('err.emptyFunction', 'function name empty', (kit) => kit.both(kit.contract, '')),
    probe('err.metadata', 'org.hyperledger.fabric:GetMetadata', async (kit) => {
      const r = await kit.contract.evaluateTransaction('org.hyperledger.fabric:GetMetadata');
      const j = JSON.parse(text(r)) as Metadata;
      return {
        keys: Object.keys(j),
        contracts: Object.keys(j.contracts),
        two: j.contracts.probe.transactions.find((t) => t.name === 'two'),
      };
    }),
    probe('err.onlyOrg2Throws', 'throws only at org2, succeeds at org1', (kit) => kit.stages(kit.contract, 'throwAtOrg', ['MyOrg2MSP'])),
    probe('err.onlyOrg1Throws', 'throws only at org1 (the first endorser); org2 is not asked', (kit) =>
      kit.invocations(() => kit.stages(kit.contract, 'throwAtOrg', ['MyOrg1MSP'])),
    ),
    probe(
      'err.invocationsPerThrow',
      'number of TRANSACTION messages per org when the first endorser throws / when evaluate throws',
      async (kit) => [
        await kit.invocations(() => kit.stages(kit.contract, 'throwError', ['x'])),
        await kit.invocations(() => kit.evaluate('throwError', 'x')),
      ],
    ),
    probe('err.submitTransactionThrows', 'one-call submitTransaction on a throwing function', (kit) =>
      kit.out(kit.submit('throwError', 'x')),
    ),
    probe('err.nondet.value', 'random value written', (kit) => kit.stages(kit.contract, 'randomValue')),
    probe('err.nondet.result', 'random result', (kit) => kit.stages(kit.contract, 'randomResult')),
    probe('err.nondet.event', 'random event payload', (kit) => kit.stages(kit.contract, 'randomEvent')),
    probe('err.nondet.perOrg', 'value and result differ per org', (kit) => kit.stages(kit.contract, 'perOrgMessage')),
    probe('err.nondet.oneEndorserPolicy', 'random value under an OR policy: nobody notices', (kit) =>
      kit.invocations(() => kit.stages(kit.org1.chaincode('orcc'), 'randomValue')),
    ),
    probe('err.unknownChaincode', 'chaincode that is not defined on the channel', (kit) =>
      kit.both(kit.org1.chaincode('nosuch'), 'get', ['x']),
    ),
    probe('err.unknownChaincodeOrgs', 'the same with endorsingOrganizations given', (kit) =>
      kit.both(kit.org1.chaincode('nosuch'), 'get', ['x'], { endorsingOrganizations: ['MyOrg1MSP'] }),
    ),
    probe('err.unknownChannel', 'channel that does not exist', (kit) => kit.both(kit.org1.chaincode('probe', 'nosuch'), 'get', ['x'])),
    probe('err.unknownChannelOrgs', 'the same with endorsingOrganizations given', (kit) =>
      kit.both(kit.org1.chaincode('probe', 'nosuch'), 'get', ['x'], { endorsingOrganizations: ['MyOrg1MSP'] }),
    ),
    probe(
      'err.notInstalledAtOrg2',
      'definition committed, but org 2 approved without a package (submit and evaluate at org1; evaluate at org2)',
      async (kit) => ({
        org1: await kit.both(kit.org1.chaincode('halfcc'), 'get', ['x']),
        org2: await kit.both(kit.org2.chaincode('halfcc'), 'get', ['x']),
      }),
    ),
    probe('err.notInstalledDirectOrg2', 'halfcc with endorsingOrganizations [MyOrg2MSP]', (kit) =>
      kit.both(kit.org1.chaincode('halfcc'), 'get', ['x'], { endorsingOrganizations: ['MyOrg2MSP'] }),
    ),
  ],
};

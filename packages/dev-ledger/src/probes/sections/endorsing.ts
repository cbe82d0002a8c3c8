import type { Contract } from '@hyperledger/fabric-gateway';
import { type Probe, probe } from '../probe.ts';
import { text } from '../text.ts';

const org1Alone = { endorsingOrganizations: ['MyOrg1MSP'] };
const org2Alone = { endorsingOrganizations: ['MyOrg2MSP'] };
const org2First = { endorsingOrganizations: ['MyOrg2MSP', 'MyOrg1MSP'] };

/** Which organizations ran ten evaluations. */
async function organizationsSeen(contract: Contract, options: { endorsingOrganizations?: string[] } = {}): Promise<readonly string[]> {
  const seen = new Set<string>();
  for (let count = 0; count < 10; count++) seen.add(text(await contract.evaluate('whichOrg', options)));
  return [...seen].toSorted();
}

/** Who endorses: by policy, and as the client wishes. */
export const endorsing: readonly Probe[] = [
  probe('end.oneOrg', 'AND policy, endorsingOrganizations [MyOrg1MSP]', (kit) =>
    kit.invocations(() => kit.stages(kit.contract, 'put', ['eo', '1'], org1Alone)),
  ),
  probe('end.oneOrgSubmitTransaction', 'the same with one call', (kit) =>
    kit.out(kit.contract.submit('put', { arguments: ['eo', '1'], ...org1Alone })),
  ),
  probe('end.org2FromPeer1', 'endorsingOrganizations [MyOrg2MSP] at peer 1', (kit) =>
    kit.invocations(() => kit.stages(kit.contract, 'put', ['eo', '1'], org2Alone)),
  ),
  probe('end.bothNamed', 'both organisations named', (kit) =>
    kit.invocations(() => kit.stages(kit.contract, 'put', ['eo', '1'], org2First)),
  ),
  probe('end.duplicated', 'one organisation named twice', (kit) =>
    kit.invocations(() => kit.stages(kit.contract, 'put', ['eo', '1'], { endorsingOrganizations: ['MyOrg1MSP', 'MyOrg1MSP'] })),
  ),
  probe('end.unknownOrg', 'unknown organisation; known and unknown', async (kit) => ({
    only: await kit.both(kit.contract, 'put', ['eo', '1'], { endorsingOrganizations: ['NopeMSP'] }),
    mixed: await kit.both(kit.contract, 'put', ['eo', '1'], { endorsingOrganizations: ['MyOrg1MSP', 'NopeMSP'] }),
  })),
  probe('end.readOnlyOneOrg', 'a transaction without writes and one endorsement', (kit) =>
    kit.stages(kit.contract, 'getRaw', ['eo'], org1Alone),
  ),
  probe('end.orPolicy', 'OR policy: number of invocations per submit, from peer 1 and from peer 2', async (kit) => [
    await kit.invocations(() => kit.stages(kit.org1.chaincode('orcc'), 'put', ['x', '1'])),
    await kit.invocations(() => kit.stages(kit.org2.chaincode('orcc'), 'put', ['x', '1'])),
  ]),
  probe('end.andInvocations', 'AND policy: number of invocations per submit and per evaluate', async (kit) => [
    await kit.invocations(() => kit.stages(kit.contract, 'put', ['x', '1'])),
    await kit.invocations(() => kit.evaluate('get', 'x')),
  ]),
  probe('end.namespaces', 'the same package under two names has separate state', async (kit) => {
    await kit.submit('put', 'nsk', 'probe');
    return [
      await kit.evaluate('getRaw', 'nsk'),
      await kit.out(kit.org1.chaincode('orcc').evaluateTransaction('getRaw', 'nsk')),
      await kit.out(kit.org1.chaincode('probe', 'yourchannel').evaluateTransaction('getRaw', 'nsk')),
    ];
  }),
  probe('end.whichPeer', 'which peer runs an evaluate: from peer 1, from peer 2, with endorsingOrganizations', async (kit) => ({
    peer1: await organizationsSeen(kit.contract),
    peer2: await organizationsSeen(kit.org2.contract),
    peer1AsksOrg2: await organizationsSeen(kit.contract, org2Alone),
    peer1AsksBoth: await organizationsSeen(kit.contract, org2First),
  })),
  probe('end.org2UserAtPeer1', 'client of org2 connected to the peer of org1: evaluate, submit, who', async (kit) => {
    const { contract } = kit.connections.connect(1, kit.user2);
    return { ...(await kit.both(contract, 'put', ['x2', '1'])), who: await kit.out(contract.evaluateTransaction('who')) };
  }),
];

import { parseAnswer, QueryVersionParam, QueryVersionResponse } from '@orchestrator/lib';
import { type FabricNetwork, findPorts, mutualChaincodeTls, startFabricNetwork } from '@orchestrator/tools';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ChaincodeProcess } from '../testing/chaincode-process.ts';
import { findProcedure, invocationOf } from '../testing/invocations.ts';
import { NetworkClient } from '../testing/network-client.ts';

const START_TIMEOUT_MS = 90_000;
const LABEL = 'secured_1';
const NAME = 'secured';
const TARGET = { mspid: 'MyOrg1MSP', channel: 'mychannel', chaincode: NAME };
const queryVersion = findProcedure('InfoService', 'QueryVersion');
const registerOrganization = findProcedure('OrganizationService', 'RegisterOrganization');

// As on networks of existing charts: package type `external`, mutual TLS, an initialization that is required.
describe('the chaincode over mutual TLS on Hyperledger Fabric', () => {
  const stack = new AsyncDisposableStack();
  let network: FabricNetwork;
  let client: NetworkClient;

  beforeAll(async () => {
    network = stack.use(await startFabricNetwork());
    client = stack.use(new NetworkClient(network));
    const ports = await findPorts(network.organizations.length);
    const addresses = Object.fromEntries(network.organizations.map(({ mspid }, index) => [mspid, `127.0.0.1:${ports[index]}`]));
    await network.deploy({
      packages: [{ label: LABEL, addresses, tls: mutualChaincodeTls(network.organizations) }],
      chaincodes: [{ channel: TARGET.channel, name: NAME, package: LABEL, policy: 'AND', initRequired: true }],
      packageType: 'external',
    });
    // One package for all: every peer shows the client certificate in it, which is the first organization's.
    const { rootCertFile } = network.chaincodeTlsFiles(TARGET.mspid);
    for (const { mspid } of network.organizations) {
      const { keyFile, certFile } = network.chaincodeTlsFiles(mspid);
      stack.use(
        await ChaincodeProcess.start({
          CHAINCODE_CCID: network.packageId(LABEL, mspid),
          CHAINCODE_ADDRESS: addresses[mspid] ?? '',
          TLS_KEY_FILE: keyFile,
          TLS_CERT_FILE: certFile,
          TLS_ROOTCERT_FILE: rootCertFile,
        }),
      );
    }
  }, START_TIMEOUT_MS);

  afterAll(() => stack.disposeAsync(), START_TIMEOUT_MS);

  it('is initialized with an empty function name, and works', async () => {
    await network.initialize(TARGET.channel, NAME);
    const [name, text] = invocationOf(queryVersion, QueryVersionParam.encode({}).finish());
    const answer = parseAnswer(queryVersion, await client.evaluate({ ...TARGET, name, args: [text] }));
    expect(QueryVersionResponse.decode(answer).orchestrator).toMatch(/^\d+\.\d+\.\d+/u);
    const [register, request] = invocationOf(registerOrganization, new Uint8Array(0));
    expect(await client.submit({ ...TARGET, name: register, args: [request] })).toContain('MyOrg1MSP');
  });
});

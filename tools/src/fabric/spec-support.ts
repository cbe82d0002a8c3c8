import { readFileSync } from 'node:fs';
import { Client, credentials } from '@grpc/grpc-js';
import { connect, type Contract, hash, signers } from '@hyperledger/fabric-gateway';
import { createPrivateKey } from 'node:crypto';
import { join } from 'node:path';
import type { ChaincodeTls, LedgerOrganization } from '@orchestrator/dev-ledger';
import { root } from '../verification/command.ts';
import { type FabricDeployment, type FabricNetwork, startFabricNetwork } from './network.ts';
import { findPorts } from './ports.ts';
import type { Program } from './program.ts';

export { findPorts, root, startFabricNetwork };
export type { FabricDeployment, FabricNetwork, Program };

/** The chaincode of the probes: any contract does. */
export const chaincodeCommand = [
  process.execPath,
  '--conditions=@orchestrator/source',
  join(root, 'packages/dev-ledger/src/probes/chaincode/serve.ts'),
  'contract',
] as const;

const CALL_TIMEOUT_MS = 20_000;

/** What the tests call. */
export interface Caller extends Disposable {
  readonly contract: Contract;
  /** Submits until it succeeds, for a minute at most: peers that come back need a moment. */
  readonly put: (key: string, value: string) => Promise<void>;
  readonly get: (key: string) => Promise<string>;
}

/** A client of an organization's peer, as its user, with a client certificate. */
export function callerAt(
  { gatewayAddress, sslTargetName, tlsCaCertFile, tlsClient, user }: LedgerOrganization,
  { channel = 'mychannel', chaincode = 'mycc' } = {},
): Caller {
  const security = credentials.createSsl(readFileSync(tlsCaCertFile), readFileSync(tlsClient.keyFile), readFileSync(tlsClient.certFile));
  const client = new Client(gatewayAddress, security, { 'grpc.ssl_target_name_override': sslTargetName });
  const deadline = (): { deadline: number } => ({ deadline: Date.now() + CALL_TIMEOUT_MS });
  const gateway = connect({
    client,
    identity: { mspId: user.mspid, credentials: readFileSync(user.certFile) },
    signer: signers.newPrivateKeySigner(createPrivateKey(readFileSync(user.keyFile))),
    hash: hash.sha256,
    evaluateOptions: deadline,
    endorseOptions: deadline,
    submitOptions: deadline,
    commitStatusOptions: deadline,
  });
  const contract = gateway.getNetwork(channel).getContract(chaincode);
  return {
    contract,
    put: async (key, value) => {
      await contract.submitTransaction('put', key, value);
    },
    get: async (key) => Buffer.from(await contract.evaluateTransaction('getRaw', key)).toString(),
    [Symbol.dispose]: () => {
      gateway.close();
      client.close();
    },
  };
}

/** What {@link deployContract} may differ in. */
export interface ContractOptions {
  readonly tls?: ChaincodeTls;
  readonly packageType?: FabricDeployment['packageType'];
  readonly initRequired?: boolean;
}

/** Deploys the contract as mycc and yourcc, one process for each organization. @returns the processes by MSP id. */
export async function deployContract(
  network: FabricNetwork,
  { tls, packageType, initRequired = false }: ContractOptions = {},
): Promise<ReadonlyMap<string, Program>> {
  const ports = await findPorts(network.organizations.length);
  const addresses = Object.fromEntries(network.organizations.map(({ mspid }, index) => [mspid, `127.0.0.1:${ports[index]}`]));
  await network.deploy({
    packages: [{ label: 'mycc_1', addresses, ...(tls === undefined ? {} : { tls }) }],
    chaincodes: [
      { channel: 'mychannel', name: 'mycc', package: 'mycc_1', policy: "AND('MyOrg1MSP.peer','MyOrg2MSP.peer')", initRequired },
      { channel: 'yourchannel', name: 'yourcc', package: 'mycc_1', policy: 'AND' },
    ],
    ...(packageType === undefined ? {} : { packageType }),
  });
  const programs = new Map<string, Program>();
  for (const { mspid } of network.organizations) {
    const packageId = network.packageId('mycc_1', mspid);
    const options = {
      name: 'mycc',
      command: [...chaincodeCommand] as [string, ...string[]],
      mspid,
      packageId,
      address: addresses[mspid] ?? '',
    };
    const files = tls === undefined ? {} : { tls: network.chaincodeTlsFiles(mspid) };
    programs.set(mspid, await network.startChaincode({ ...options, ...files }));
  }
  return programs;
}

import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as grpc from '@grpc/grpc-js';
import { connect, type Contract, type Gateway, type Network, signers } from '@hyperledger/fabric-gateway';
import { type DevLedger, startDevLedger } from './ledger.ts';
import type { ChaincodeSpec } from './network.ts';
import type { DevLedgerOptions } from './options.ts';
import { findFreeAddresses } from './probes/addresses.ts';
import { ProbeChaincode } from './probes/chaincodes.ts';

/** For tests: how long a call may take before it counts as failed, in milliseconds. */
const CALL_TIMEOUT_MS = 10_000;

/** For tests: a ledger with the probe contract `probe` on mychannel, its chaincode processes, and clients of them. */
export interface TestLedger extends AsyncDisposable {
  readonly ledger: DevLedger;
  /** As the user of an organization, at its peer. A new connection each time. */
  readonly network: (mspid?: string) => Network;
  readonly contract: (mspid?: string) => Contract;
}

export async function startTestLedger({
  chaincode = {},
  ...options
}: DevLedgerOptions & { readonly chaincode?: Partial<ChaincodeSpec> } = {}): Promise<TestLedger> {
  const stack = new AsyncDisposableStack();
  const ledger = stack.use(await startDevLedger(options));
  const mspids = ledger.organizations.map(({ mspid }) => mspid);
  const found = await findFreeAddresses(mspids.length);
  const addresses = Object.fromEntries(mspids.map((mspid, index) => [mspid, found[index] ?? '']));
  const spec: ChaincodeSpec = { channel: 'mychannel', name: 'probe', package: 'probe_1', policy: 'AND', ...chaincode };
  await ledger.deploy({ packages: [{ label: 'probe_1', addresses }], chaincodes: [spec] });
  await Promise.all(
    mspids.map(async (mspid) => {
      const process = stack.use(new ProbeChaincode({ kind: 'contract', mspid, packageId: ledger.packageId('probe_1', mspid) }));
      await process.start(addresses[mspid] ?? '');
    }),
  );
  const network = (mspid = 'MyOrg1MSP'): Network => {
    const { client, gateway } = connectTo(ledger, mspid);
    stack.defer(() => client.close());
    return gateway.getNetwork('mychannel');
  };
  const contract = (mspid?: string): Contract => network(mspid).getContract('probe');
  return { ledger, network, contract, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

export function connectTo(ledger: DevLedger, mspid: string): { readonly client: grpc.Client; readonly gateway: Gateway } {
  const organization = ledger.organizations.find((one) => one.mspid === mspid);
  if (organization === undefined) throw new Error(`there is no ${mspid}`);
  const { tlsCaCertFile, tlsClient, user, sslTargetName, gatewayAddress } = organization;
  const credentials = grpc.credentials.createSsl(
    readFileSync(tlsCaCertFile),
    readFileSync(tlsClient.keyFile),
    readFileSync(tlsClient.certFile),
  );
  const client = new grpc.Client(gatewayAddress, credentials, { 'grpc.ssl_target_name_override': sslTargetName });
  const deadline = (): grpc.CallOptions => ({ deadline: Date.now() + CALL_TIMEOUT_MS });
  const gateway = connect({
    client,
    identity: { mspId: mspid, credentials: readFileSync(user.certFile) },
    signer: signers.newPrivateKeySigner(createPrivateKey(readFileSync(user.keyFile))),
    evaluateOptions: deadline,
    endorseOptions: deadline,
    submitOptions: deadline,
    commitStatusOptions: deadline,
  });
  return { client, gateway };
}

/** For tests: the result as text. */
export async function text(result: Promise<Uint8Array>): Promise<string> {
  return Buffer.from(await result).toString();
}

import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Client, credentials } from '@grpc/grpc-js';
import { connect, type Contract, type Gateway, hash, signers } from '@hyperledger/fabric-gateway';
import type { LedgerOrganization } from '@orchestrator/dev-ledger';
import type { LeastContract } from './network.ts';

/** Calls the least chaincode as a client of an organization's peer, the way any application does. */
export class LeastGateway implements LeastContract, Disposable {
  readonly #client: Client;
  readonly #gateway: Gateway;
  readonly #chaincode: string;

  constructor(organization: LedgerOrganization, chaincode: string) {
    const { gatewayAddress, sslTargetName, tlsCaCertFile, user } = organization;
    this.#client = new Client(gatewayAddress, credentials.createSsl(readFileSync(tlsCaCertFile)), {
      'grpc.ssl_target_name_override': sslTargetName,
    });
    this.#gateway = connect({
      client: this.#client,
      identity: { mspId: user.mspid, credentials: readFileSync(user.certFile) },
      signer: signers.newPrivateKeySigner(createPrivateKey(readFileSync(user.keyFile))),
      hash: hash.sha256,
    });
    this.#chaincode = chaincode;
  }

  async put(channel: string, key: string, value: Uint8Array): Promise<void> {
    await this.#contract(channel).submitTransaction('put', key, value);
  }

  get(channel: string, key: string): Promise<Uint8Array> {
    return this.#contract(channel).evaluateTransaction('get', key);
  }

  #contract(channel: string): Contract {
    return this.#gateway.getNetwork(channel).getContract(this.#chaincode);
  }

  [Symbol.dispose](): void {
    this.#gateway.close();
    this.#client.close();
  }
}

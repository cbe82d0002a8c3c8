/** What makes a chaincode of contracts, as the shim's own command line does. Its package has no types for it. */
declare module 'fabric-shim/lib/contract-spi/chaincodefromcontract.js' {
  import type { Contract } from 'fabric-contract-api';
  import type { ChaincodeInterface, ChaincodeStub } from 'fabric-shim';

  interface Serializers {
    readonly transaction: string;
    readonly serializers: Readonly<Record<string, unknown>>;
  }

  class ChaincodeFromContract implements ChaincodeInterface {
    // oxlint-disable-next-line eslint/max-params -- not ours
    constructor(contracts: readonly (new () => Contract)[], serializers: Serializers, metadata: object, title: string, version: string);
    Init(stub: ChaincodeStub): ReturnType<ChaincodeInterface['Init']>;
    Invoke(stub: ChaincodeStub): ReturnType<ChaincodeInterface['Invoke']>;
  }
  export = ChaincodeFromContract;
}

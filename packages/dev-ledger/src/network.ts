/**
 * What a test, a benchmark or a developer needs of a Fabric network, whoever runs it: the development ledger
 * (`startDevLedger`) or real processes (`startFabricNetwork` of the tools). One suite runs over both.
 */

/** A signing identity: an MSP id, and the paths of a PEM certificate and of its PKCS#8 private key. */
export interface LedgerIdentity {
  readonly mspid: string;
  readonly certFile: string;
  readonly keyFile: string;
}

/** An organization that has one peer. */
export interface LedgerOrganization {
  readonly mspid: string;
  /** `host:port` of its peer: Gateway, Endorser and Deliver over TLS. The same after a restart. */
  readonly gatewayAddress: string;
  /** The name in the peer's TLS certificate, to be expected instead of the host. */
  readonly sslTargetName: string;
  /** Path of the PEM certificate of the TLS CA of its peer. */
  readonly tlsCaCertFile: string;
  /** Paths of a PEM client certificate and key for mutual TLS, issued by the TLS CA. Usable whether it is asked for or not. */
  readonly tlsClient: { readonly certFile: string; readonly keyFile: string };
  /** Paths of the PEM certificate and key of the CA of its identities, to issue odd ones in tests. */
  readonly ca: { readonly certFile: string; readonly keyFile: string };
  readonly user: LedgerIdentity;
  readonly admin: LedgerIdentity;
  readonly peer: LedgerIdentity;
}

/** PEM texts for a TLS chaincode: the peer expects the server to be signed by `rootCert` and presents `clientCert`. */
export interface ChaincodeTls {
  readonly rootCert: string;
  readonly clientCert?: string;
  readonly clientKey?: string;
}

/** One chaincode package: a chaincode server for each organization that has it installed. */
export interface ChaincodePackageSpec {
  /** As in its metadata.json: `mycc_1`. */
  readonly label: string;
  /** Where the chaincode of each organization listens, by MSP id: `host:port`. It need not listen yet. */
  readonly addresses: Readonly<Record<string, string>>;
  readonly tls?: ChaincodeTls;
}

/** A chaincode definition committed on a channel. */
export interface ChaincodeSpec {
  readonly channel: string;
  readonly name: string;
  /** The label of its package. */
  readonly package: string;
  /** A signature policy: `AND('MyOrg1MSP.peer','MyOrg2MSP.peer')`, or just `AND`, `OR` of all organizations' peers. */
  readonly policy: string;
  readonly initRequired?: boolean;
  /** The organizations that approved it with a package; all by default. */
  readonly installedAt?: readonly string[];
}

/** What differs from the usual settings while a peer runs. */
export interface PeerSettings {
  /** After this time the peer gives up an invocation of a chaincode; 1,000 at least, 30,000 usually. */
  readonly executeTimeoutMs?: number;
  /** Calls of the Gateway service that it serves at once, event streams among them; 500 usually. */
  readonly gatewayLimit?: number;
}

/** A running network. Disposal ends all that belongs to it. */
export interface LedgerNetwork extends AsyncDisposable {
  readonly kind: 'dev-ledger' | 'fabric';
  readonly organizations: readonly LedgerOrganization[];
  readonly channels: readonly string[];
  /** An identity of the orderer's organization, which no channel's readers and writers include. */
  readonly ordererUser: LedgerIdentity;
  readonly ordererAddress: string;
  /** Path of the network file (YAML) for ORCHESTRATOR_NETWORK_CONFIG, with the user identities of all organizations. */
  readonly networkFile: string;

  /**
   * Deploys packages and commits definitions; resolves when the definitions are in force at all peers. The chaincode
   * servers are started by the caller, with {@link packageId}, before or after.
   */
  deploy: (deployment: {
    readonly packages: readonly ChaincodePackageSpec[];
    readonly chaincodes: readonly ChaincodeSpec[];
  }) => Promise<void>;
  /** The package id that an organization's chaincode process registers with: CHAINCODE_CCID. Known after {@link deploy}. */
  packageId: (label: string, mspid: string) => string;

  /**
   * Ends the peer: its port is closed, its streams are cut, its committed state is kept. `crash`, the default, ends it at
   * once; `orderly` as an operator does.
   */
  stopPeer: (mspid: string, how?: 'crash' | 'orderly') => Promise<void>;
  /** Starts it again at the same address, with these settings or the usual ones; resolves when it answers. */
  startPeer: (mspid: string, settings?: PeerSettings) => Promise<void>;
  stopOrderer: () => Promise<void>;
  startOrderer: () => Promise<void>;
}

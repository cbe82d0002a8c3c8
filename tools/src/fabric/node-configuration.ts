import { join } from 'node:path';
import type { PeerSettings } from '@orchestrator/dev-ledger';
import { type FabricLayout, type NodeLayout, ordererMspid, type PeerLayout } from './layout.ts';

const softwareCrypto = { Default: 'SW', SW: { Hash: 'SHA2', Security: 256 } };

/** The orderer.yaml of one orderer: every key that differs from Fabric's defaults, or that has none. */
export function ordererConfiguration({ port, operationsPort, thirdPort, folder, mspFolder, tls }: NodeLayout): unknown {
  const data = join(folder, 'data');
  return {
    General: {
      ListenAddress: '127.0.0.1',
      ListenPort: port,
      LocalMSPID: ordererMspid,
      LocalMSPDir: mspFolder,
      TLS: { Enabled: true, PrivateKey: tls.keyFile, Certificate: tls.certFile, RootCAs: [tls.caFile], ClientAuthRequired: false },
      Keepalive: { ServerMinInterval: '60s', ServerInterval: '7200s', ServerTimeout: '20s' },
      Cluster: { SendBufferSize: 100 },
      BootstrapMethod: 'none',
      BCCSP: softwareCrypto,
      Authentication: { TimeWindow: '15m' },
    },
    FileLedger: { Location: data },
    Consensus: { WALDir: join(data, 'wal'), SnapDir: join(data, 'snapshots') },
    Operations: { ListenAddress: `127.0.0.1:${operationsPort}`, TLS: { Enabled: false } },
    Admin: { ListenAddress: `127.0.0.1:${thirdPort}`, TLS: { Enabled: false } },
    ChannelParticipation: { Enabled: true, MaxRequestBodySize: '1 MB' },
    Metrics: { Provider: 'disabled' },
  };
}

/** The core.yaml of one peer. */
export function peerConfiguration(layout: FabricLayout, peer: PeerLayout, settings: PeerSettings = {}): unknown {
  const { operationsPort } = peer;
  return {
    peer: peerSection(layout, peer, settings),
    // Without an endpoint in this file the peer looks for no container engine: external builders are enough.
    vm: { endpoint: '' },
    chaincode: {
      externalBuilders: [{ name: 'chaincode-as-a-service', path: layout.builder, propagateEnvironment: [] }],
      installTimeout: '60s',
      startuptimeout: '60s',
      executetimeout: `${settings.executeTimeoutMs ?? 30_000}ms`,
      mode: 'net',
      // The Node shim ends itself at the first keepalive message.
      keepalive: 0,
      system: { _lifecycle: 'enable', cscc: 'enable', lscc: 'enable', qscc: 'enable' },
    },
    ledger: ledgerSection(layout, peer),
    operations: { listenAddress: `127.0.0.1:${operationsPort}`, tls: { enabled: false } },
    metrics: { provider: 'disabled' },
  };
}

function peerSection(layout: FabricLayout, peer: PeerLayout, { gatewayLimit = 500 }: PeerSettings): unknown {
  const address = `127.0.0.1:${peer.port}`;
  const chaincodeAddress = `127.0.0.1:${peer.thirdPort}`;
  return {
    id: `peer0.${peer.domain}`,
    networkId: 'test',
    localMspId: peer.mspid,
    localMspType: 'bccsp',
    mspConfigPath: peer.mspFolder,
    BCCSP: softwareCrypto,
    address,
    listenAddress: address,
    chaincodeAddress,
    chaincodeListenAddress: chaincodeAddress,
    fileSystemPath: join(peer.folder, 'data'),
    tls: tlsSection(layout, peer),
    authentication: { timewindow: '15m' },
    // Discovery leaves out peers without an external endpoint.
    gossip: { bootstrap: address, externalEndpoint: address, useLeaderElection: false, orgLeader: true },
    gateway: { enabled: true, endorsementTimeout: '30s', broadcastTimeout: '30s', dialTimeout: '2m' },
    discovery: { enabled: true, authCacheEnabled: true, authCacheMaxSize: 1000, authCachePurgeRetentionRatio: 0.75 },
    keepalive: {
      minInterval: '60s',
      client: { interval: '60s', timeout: '20s' },
      deliveryClient: { interval: '60s', timeout: '20s' },
    },
    deliveryclient: { blockGossipEnabled: false, reconnectTotalTimeThreshold: '3600s' },
    limits: { concurrency: { endorserService: 2500, deliverService: 2500, gatewayService: gatewayLimit } },
    handlers: {
      authFilters: [{ name: 'DefaultAuth' }, { name: 'ExpirationCheck' }],
      decorators: [{ name: 'DefaultDecorator' }],
      endorsers: { escc: { name: 'DefaultEndorsement' } },
      validators: { vscc: { name: 'DefaultValidation' } },
    },
  };
}

function tlsSection({ settings, peers }: FabricLayout, { tls }: PeerLayout): unknown {
  return {
    enabled: true,
    cert: { file: tls.certFile },
    key: { file: tls.keyFile },
    rootcert: { file: tls.caFile },
    clientAuthRequired: settings.mutualTls,
    clientCert: { file: tls.certFile },
    clientKey: { file: tls.keyFile },
    clientRootCAs: { files: peers.map((peer) => peer.tls.caFile) },
  };
}

function ledgerSection({ settings }: FabricLayout, { folder, couchPort }: PeerLayout): unknown {
  return {
    state: {
      stateDatabase: settings.stateDatabase,
      totalQueryLimit: 100_000,
      couchDBConfig: {
        couchDBAddress: `127.0.0.1:${couchPort}`,
        username: 'admin',
        password: 'admin',
        maxRetries: 3,
        maxRetriesOnStartup: 20,
        requestTimeout: '35s',
        internalQueryLimit: 1000,
        maxBatchUpdateSize: 1000,
        createGlobalChangesDB: false,
        cacheSize: 64,
      },
    },
    history: { enableHistoryDatabase: true },
    snapshots: { rootDir: join(folder, 'data', 'snapshots') },
    pvtdataStore: {
      collElgProcMaxDbBatchSize: 5000,
      collElgProcDbBatchesInterval: 1000,
      deprioritizedDataReconcilerInterval: '60m',
      purgeInterval: 100,
    },
  };
}

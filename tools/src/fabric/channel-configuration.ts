import { ordererDomain, ordererMspid, peerOrganizations, type FabricLayout } from './layout.ts';

/** The name of the one profile in {@link channelConfiguration}. */
export const channelProfile = 'Channel';

const subjectAlternativeNames = ['127.0.0.1', 'localhost'];

/** What cryptogen reads: one organization of orderers, two of peers with an administrator and one user each. */
export function cryptoConfiguration(orderers: number): unknown {
  const specs = Array.from({ length: orderers }, (_, index) => ({ Hostname: `o${index + 1}`, SANS: subjectAlternativeNames }));
  return {
    OrdererOrgs: [{ Name: 'Orderer', Domain: ordererDomain, EnableNodeOUs: true, Specs: specs }],
    PeerOrgs: peerOrganizations.map(({ name, domain }) => ({
      Name: name,
      Domain: domain,
      EnableNodeOUs: true,
      Template: { Count: 1, SANS: subjectAlternativeNames },
      Users: { Count: 1 },
    })),
  };
}

/**
 * What configtxgen reads. Orderer endpoints and anchor peers are in it from the start, so that no channel has to be
 * updated after its first block.
 */
export function channelConfiguration(layout: FabricLayout): unknown {
  return {
    Profiles: {
      [channelProfile]: {
        Policies: implicitPolicies,
        Capabilities: { V2_0: true },
        Orderer: ordering(layout),
        Application: {
          Organizations: layout.peers.map((peer) => peerOrganization(layout, peer)),
          Policies: {
            ...implicitPolicies,
            LifecycleEndorsement: { Type: 'ImplicitMeta', Rule: 'MAJORITY Endorsement' },
            Endorsement: { Type: 'ImplicitMeta', Rule: 'ANY Endorsement' },
          },
          Capabilities: { V2_5: true },
        },
      },
    },
  };
}

const implicitPolicies = {
  Readers: { Type: 'ImplicitMeta', Rule: 'ANY Readers' },
  Writers: { Type: 'ImplicitMeta', Rule: 'ANY Writers' },
  Admins: { Type: 'ImplicitMeta', Rule: 'MAJORITY Admins' },
};

function anyOf(mspid: string, ...roles: readonly string[]): unknown {
  return { Type: 'Signature', Rule: `OR(${roles.map((role) => `'${mspid}.${role}'`).join(',')})` };
}

function ordering({ folder, orderers, settings }: FabricLayout): unknown {
  return {
    OrdererType: 'etcdraft',
    BatchTimeout: `${settings.batchTimeoutMs}ms`,
    BatchSize: { MaxMessageCount: 500, AbsoluteMaxBytes: '99 MB', PreferredMaxBytes: '2 MB' },
    Organizations: [
      {
        Name: ordererMspid,
        ID: ordererMspid,
        MSPDir: `${folder}/crypto/ordererOrganizations/${ordererDomain}/msp`,
        Policies: { Readers: anyOf(ordererMspid, 'member'), Writers: anyOf(ordererMspid, 'member'), Admins: anyOf(ordererMspid, 'admin') },
        OrdererEndpoints: orderers.map(({ port }) => `127.0.0.1:${port}`),
      },
    ],
    Policies: { ...implicitPolicies, BlockValidation: { Type: 'ImplicitMeta', Rule: 'ANY Writers' } },
    Capabilities: { V2_0: true },
    EtcdRaft: {
      Consenters: orderers.map(({ port, tls }) => ({
        Host: '127.0.0.1',
        Port: port,
        ClientTLSCert: tls.certFile,
        ServerTLSCert: tls.certFile,
      })),
      // An election takes about one second on loopback.
      Options: { TickInterval: '100ms', ElectionTick: 10, HeartbeatTick: 1, MaxInflightBlocks: 5, SnapshotIntervalSize: '16 MB' },
    },
  };
}

function peerOrganization(layout: FabricLayout, { mspid, domain, port }: FabricLayout['peers'][number]): unknown {
  return {
    Name: mspid,
    ID: mspid,
    MSPDir: `${layout.crypto}/peerOrganizations/${domain}/msp`,
    Policies: {
      Readers: anyOf(mspid, 'admin', 'peer', 'client'),
      Writers: anyOf(mspid, 'admin', 'client'),
      Admins: anyOf(mspid, 'admin'),
      Endorsement: anyOf(mspid, 'peer'),
    },
    AnchorPeers: [{ Host: '127.0.0.1', Port: port }],
  };
}

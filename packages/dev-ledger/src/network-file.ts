import { stringify } from 'yaml';
import type { LedgerOrganization } from './network.ts';

/** The network file of the orchestrator (YAML): the peers of all organizations, and the user identity of each. */
export function networkFileText(organizations: readonly LedgerOrganization[], { mutualTls }: { readonly mutualTls: boolean }): string {
  const peerName = ({ mspid }: LedgerOrganization): string => `peer0.${mspid.toLowerCase()}`;
  return stringify({
    organizations: Object.fromEntries(organizations.map((one) => [one.mspid, { mspid: one.mspid, peers: [peerName(one)] }])),
    peers: Object.fromEntries(
      organizations.map((one) => [
        peerName(one),
        {
          url: `grpcs://${one.gatewayAddress}`,
          tlsCACerts: { path: one.tlsCaCertFile },
          grpcOptions: { 'ssl-target-name-override': one.sslTargetName },
        },
      ]),
    ),
    identities: Object.fromEntries(
      organizations.map((one) => [
        one.mspid,
        {
          cert: one.user.certFile,
          key: one.user.keyFile,
          peer: peerName(one),
          ...(mutualTls ? { tlsCert: one.tlsClient.certFile, tlsKey: one.tlsClient.keyFile } : {}),
        },
      ]),
    ),
  });
}

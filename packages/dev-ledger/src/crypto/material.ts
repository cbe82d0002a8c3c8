import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LedgerIdentity } from '../network.ts';
import { Authority, type KeyPair } from './authority.ts';

/** What an organization's node is known as in its TLS certificate. */
export const TLS_NAME = 'localhost';

/** An organization's certificates: PEM texts for the ledger itself, and the paths where they lie for its clients. */
export interface OrganizationMaterial {
  readonly mspid: string;
  readonly domain: string;
  /** The certificate of the CA of its identities. */
  readonly caCert: string;
  readonly tlsCaCert: string;
  readonly peer: KeyPair;
  readonly tls: KeyPair;
  readonly files: {
    readonly ca: { readonly certFile: string; readonly keyFile: string };
    readonly tlsCaCertFile: string;
    readonly tlsClient: { readonly certFile: string; readonly keyFile: string };
    readonly user: LedgerIdentity;
    readonly admin: LedgerIdentity;
    readonly peer: LedgerIdentity;
  };
}

/** Makes the CAs, the peer and the users of an organization, and writes them below `folder`. */
export async function createOrganization({
  mspid,
  domain,
  folder,
}: {
  readonly mspid: string;
  readonly domain: string;
  readonly folder: string;
}): Promise<OrganizationMaterial> {
  await mkdir(folder, { recursive: true });
  const [ca, tlsCa] = await Promise.all([
    Authority.create({ commonName: `ca.${domain}`, organization: domain }),
    Authority.create({ commonName: `tlsca.${domain}`, organization: domain }),
  ]);
  const identity = (name: string, role: string): Promise<KeyPair> => ca.issue({ subject: { commonName: name, organizationalUnit: role } });
  const tlsLeaf = (name: string): Promise<KeyPair> => tlsCa.issue({ subject: { commonName: name }, hosts: [TLS_NAME, '127.0.0.1', name] });
  const [caPair, tlsCaPair, user, admin, peer, tls, tlsClient] = await Promise.all([
    ca.pair(),
    tlsCa.pair(),
    identity(`User1@${domain}`, 'client'),
    identity(`Admin@${domain}`, 'admin'),
    identity(`peer0.${domain}`, 'peer'),
    tlsLeaf(`peer0.${domain}`),
    tlsLeaf(`client.${domain}`),
  ]);
  const write = (name: string, pair: KeyPair): Promise<{ certFile: string; keyFile: string }> => writePair(join(folder, name), pair);
  const [caFiles, tlsCaFiles] = [await write('ca', caPair), await write('tls-ca', tlsCaPair)];
  return {
    mspid,
    domain,
    caCert: caPair.cert,
    tlsCaCert: tlsCaPair.cert,
    peer,
    tls,
    files: {
      ca: caFiles,
      tlsCaCertFile: tlsCaFiles.certFile,
      tlsClient: await write('tls-client', tlsClient),
      user: { mspid, ...(await write('user', user)) },
      admin: { mspid, ...(await write('admin', admin)) },
      peer: { mspid, ...(await write('peer', peer)) },
    },
  };
}

async function writePair(path: string, { cert, key }: KeyPair): Promise<{ certFile: string; keyFile: string }> {
  const files = { certFile: `${path}-cert.pem`, keyFile: `${path}-key.pem` };
  await writeFile(files.certFile, cert);
  await writeFile(files.keyFile, key, { mode: 0o600 });
  return files;
}

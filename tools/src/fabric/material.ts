import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { channelConfiguration, channelProfile, cryptoConfiguration } from './channel-configuration.ts';
import { channels, type FabricLayout, ordererDomain } from './layout.ts';
import { ordererConfiguration, peerConfiguration } from './node-configuration.ts';
import { runTool } from './program.ts';

/**
 * A chaincode package says in connection.json where its chaincode listens. The builder takes packages of both types that
 * are in use for that, and hands the peer this file as it is.
 */
const builderScripts = {
  detect: `grep -Eq '"type"[[:space:]]*:[[:space:]]*"(ccaas|external)"' "$2/metadata.json"`,
  build: 'cp "$1/connection.json" "$3/"',
  release: 'mkdir -p "$2/chaincode/server" && cp "$1/connection.json" "$2/chaincode/server/"',
};

/** Fabric's programs read YAML, and JSON is YAML. */
export function writeConfiguration(file: string, content: unknown): void {
  writeFileSync(file, `${JSON.stringify(content, undefined, 2)}\n`);
}

/** Makes everything that a new network is started from: keys and certificates, the channels' first blocks, files of configuration. */
export async function makeMaterial(layout: FabricLayout, binaries: string): Promise<void> {
  const { folder, orderers, peers } = layout;
  for (const node of [...orderers, ...peers]) mkdirSync(join(node.folder, 'data'), { recursive: true });
  mkdirSync(join(folder, 'channels'));
  writeBuilder(layout.builder);
  writeConfiguration(join(folder, 'crypto-config.yaml'), cryptoConfiguration(orderers.length));
  await runTool({
    file: join(binaries, 'cryptogen'),
    args: ['generate', `--config=${join(folder, 'crypto-config.yaml')}`, `--output=${layout.crypto}`],
    folder,
  });
  writeConfiguration(join(folder, 'channels', 'configtx.yaml'), channelConfiguration(layout));
  await Promise.all(
    channels.map((channel) =>
      runTool({
        file: join(binaries, 'configtxgen'),
        args: ['-profile', channelProfile, '-channelID', channel, '-outputBlock', layout.block(channel)],
        folder,
        env: { FABRIC_CFG_PATH: join(folder, 'channels') },
      }),
    ),
  );
  for (const orderer of orderers) writeConfiguration(join(orderer.folder, 'orderer.yaml'), ordererConfiguration(orderer));
  for (const peer of peers) writeConfiguration(join(peer.folder, 'core.yaml'), peerConfiguration(layout, peer));
  writeFileSync(layout.peerTlsAuthorities, peers.map(({ tls }) => readFileSync(tls.caFile, 'utf8')).join(''));
  writeConfiguration(layout.networkFile, networkFile(layout));
}

function writeBuilder(folder: string): void {
  mkdirSync(join(folder, 'bin'), { recursive: true });
  for (const [name, command] of Object.entries(builderScripts)) {
    const file = join(folder, 'bin', name);
    writeFileSync(file, `#!/bin/sh\nset -e\n${command}\n`);
    chmodSync(file, 0o755);
  }
}

/** The facade's network file, with the user's identity of every organization. */
function networkFile(layout: FabricLayout): unknown {
  const name = (domain: string): string => `peer0.${domain}`;
  return {
    organizations: Object.fromEntries(layout.peers.map(({ mspid, domain }) => [mspid, { mspid, peers: [name(domain)] }])),
    peers: Object.fromEntries(
      layout.peers.map(({ domain, port, tls }) => [
        name(domain),
        {
          url: `grpcs://127.0.0.1:${port}`,
          tlsCACerts: { path: tls.caFile },
          grpcOptions: { 'ssl-target-name-override': 'localhost' },
        },
      ]),
    ),
    identities: Object.fromEntries(
      layout.peers.map(({ mspid, domain }) => {
        const user = join(layout.crypto, 'peerOrganizations', domain, 'users', `User1@${domain}`);
        const cert = join(user, 'msp', 'signcerts', `User1@${domain}-cert.pem`);
        const tls = { tlsCert: join(user, 'tls', 'client.crt'), tlsKey: join(user, 'tls', 'client.key') };
        return [mspid, { cert, key: join(user, 'msp', 'keystore', 'priv_sk'), peer: name(domain), ...tls }];
      }),
    ),
  };
}

/** The orderers' certificate authority for TLS. */
export function ordererTlsCa(layout: FabricLayout): string {
  return join(layout.crypto, 'ordererOrganizations', ordererDomain, 'tlsca', `tlsca.${ordererDomain}-cert.pem`);
}

import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ChaincodePackageSpec, ChaincodeSpec } from '@orchestrator/dev-ledger';
import type { FabricLayout, PeerLayout } from './layout.ts';
import { ordererTlsCa, writeConfiguration } from './material.ts';
import { runTool } from './program.ts';

/** How a package says that its chaincode runs by itself; both are in use, and mean the same to our builder. */
export type PackageType = 'ccaas' | 'external';

/** What an organization's administrator does to the network: by Fabric's own commands. */
export class Administration {
  readonly #layout: FabricLayout;
  readonly #binaries: string;

  constructor(layout: FabricLayout, binaries: string) {
    this.#layout = layout;
    this.#binaries = binaries;
  }

  /** Makes every orderer serve a channel. */
  async joinOrderers(channel: string): Promise<void> {
    for (const { thirdPort, folder } of this.#layout.orderers) {
      const block = this.#layout.block(channel);
      const args = ['channel', 'join', '--channelID', channel, '--config-block', block, '-o', `127.0.0.1:${thirdPort}`];
      const printed = await runTool({ file: join(this.#binaries, 'osnadmin'), args, folder });
      if (!printed.includes('Status: 201')) throw new Error(`an orderer did not join ${channel}: ${printed}`);
    }
  }

  async joinPeers(channel: string): Promise<void> {
    await Promise.all(this.#layout.peers.map((peer) => this.#peerCommand(peer, ['channel', 'join', '-b', this.#layout.block(channel)])));
  }

  /** Packages a chaincode for one organization and installs it at its peer. @returns the package id. */
  async install({ label, addresses, tls }: ChaincodePackageSpec, mspid: string, type: PackageType): Promise<string> {
    const address = addresses[mspid];
    if (address === undefined) throw new Error(`the package ${label} names no address for ${mspid}`);
    const connection = {
      address,
      dial_timeout: '10s',
      tls_required: tls !== undefined,
      ...(tls === undefined ? {} : { root_cert: tls.rootCert, client_auth_required: tls.clientCert !== undefined }),
      ...(tls?.clientCert === undefined ? {} : { client_cert: tls.clientCert, client_key: tls.clientKey }),
    };
    const folder = join(this.#layout.folder, 'packages', mspid);
    mkdirSync(folder, { recursive: true });
    const parts = mkdtempSync(join(folder, 'parts-'));
    const file = join(folder, `${label}.tgz`);
    try {
      writeConfiguration(join(parts, 'connection.json'), connection);
      writeConfiguration(join(parts, 'metadata.json'), { type, label });
      await runTool({ file: 'tar', args: ['-czf', 'code.tar.gz', 'connection.json'], folder: parts });
      await runTool({ file: 'tar', args: ['-czf', file, 'metadata.json', 'code.tar.gz'], folder: parts });
    } finally {
      rmSync(parts, { recursive: true });
    }
    await this.#peerCommand(this.#layout.peer(mspid), ['lifecycle', 'chaincode', 'install', file]);
    return `${label}:${createHash('sha256').update(readFileSync(file)).digest('hex')}`;
  }

  /**
   * Approves a definition as every organization and commits it.
   *
   * @param packageIds by MSP id; an organization that is not in it approves without a package.
   */
  async define(spec: ChaincodeSpec, packageIds: ReadonlyMap<string, string>): Promise<void> {
    const { peers } = this.#layout;
    const names = ['--channelID', spec.channel, '--name', spec.name, '--version', '1', '--sequence', '1'];
    const terms = ['--signature-policy', this.#policy(spec.policy), ...(spec.initRequired === true ? ['--init-required'] : [])];
    const definition = [...this.#orderer(), ...names, ...terms];
    const approvals = peers.map((peer) => {
      const id = packageIds.get(peer.mspid);
      const args = ['lifecycle', 'chaincode', 'approveformyorg', ...definition, ...(id === undefined ? [] : ['--package-id', id])];
      return this.#peerCommand(peer, args);
    });
    await Promise.all(approvals);
    await this.#asFirst(['lifecycle', 'chaincode', 'commit', ...definition, ...this.#allPeers()]);
  }

  /** Calls a chaincode that wants to be initialized: with an empty function name, as operators do. */
  async initialize(channel: string, name: string): Promise<void> {
    const call = ['-C', channel, '-n', name, '--isInit', '-c', '{"Args":[""]}', '--waitForEvent'];
    await this.#asFirst(['chaincode', 'invoke', ...this.#orderer(), ...call, ...this.#allPeers()]);
  }

  #orderer(): readonly string[] {
    return ['-o', `127.0.0.1:${this.#layout.orderers[0]?.port}`, '--tls', '--cafile', ordererTlsCa(this.#layout)];
  }

  #allPeers(): readonly string[] {
    return this.#layout.peers.flatMap(({ port, tls }) => ['--peerAddresses', `127.0.0.1:${port}`, '--tlsRootCertFiles', tls.caFile]);
  }

  /** `AND` and `OR` stand for all organizations' peers. */
  #policy(policy: string): string {
    if (policy !== 'AND' && policy !== 'OR') return policy;
    return `${policy}(${this.#layout.peers.map(({ mspid }) => `'${mspid}.peer'`).join(',')})`;
  }

  async #asFirst(args: readonly string[]): Promise<void> {
    const [peer] = this.#layout.peers;
    if (peer === undefined) throw new Error('a network without peers');
    await this.#peerCommand(peer, args);
  }

  async #peerCommand(peer: PeerLayout, args: readonly string[]): Promise<void> {
    const env = {
      // The peer's own file names its address and TLS files.
      FABRIC_CFG_PATH: peer.folder,
      FABRIC_LOGGING_SPEC: 'error',
      CORE_PEER_MSPCONFIGPATH: this.#layout.userMsp(peer, 'Admin'),
    };
    await runTool({ file: join(this.#binaries, 'peer'), args, folder: peer.folder, env });
  }
}

import { dirname, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import { describeError } from '../log/describe-error.ts';
import type { PeerConfig } from './config.ts';
import { type YamlMap, YamlReader, type YamlSpot } from './yaml-reader.ts';

/** An organization of the network. */
export interface NetworkOrganization {
  readonly mspid: string;
  /** The names of its peers, the preferred one first. */
  readonly peers: readonly string[];
}

/** An identity of the network file, with absolute paths. */
export interface NetworkIdentity {
  readonly certPath: string;
  readonly keyPath: string;
  readonly tlsCertPath?: string | undefined;
  readonly tlsKeyPath?: string | undefined;
  /** A peer's name; the organization's first one when it is left out. */
  readonly peer?: string | undefined;
}

/** What a network file says. */
export interface NetworkFile {
  /** By MSP id. */
  readonly organizations: ReadonlyMap<string, NetworkOrganization>;
  /** By name. */
  readonly peers: ReadonlyMap<string, PeerConfig>;
  /** By MSP id. */
  readonly identities: ReadonlyMap<string, NetworkIdentity>;
}

/** Parts of a connection profile that this server does without. */
const UNUSED = ['name', 'version', 'description', 'client', 'channels', 'orderers', 'certificateAuthorities'];

/**
 * Reads a network file: the used parts of a connection profile, and identities.
 *
 * @param path where the text lies: relative paths in it start at its folder.
 * @returns what it says, and one sentence for each problem; with problems the rest is not to be used.
 */
export function parseNetworkFile(
  text: string,
  path: string,
): { readonly network: NetworkFile; readonly problems: readonly string[] } {
  const reader = new NetworkReader(dirname(path));
  const document = parseDocument(text, { prettyErrors: false });
  const fault = document.errors[0];
  if (fault === undefined) return { network: reader.readRoot(toMaps(document, reader)), problems: reader.problems };
  reader.problems.push(`it is no valid YAML: ${fault.message} (at character ${fault.pos[0]})`);
  return { network: emptyNetwork, problems: reader.problems };
}

const emptyNetwork: NetworkFile = { organizations: new Map(), peers: new Map(), identities: new Map() };

function toMaps(document: ReturnType<typeof parseDocument>, { problems }: NetworkReader): unknown {
  try {
    return document.toJS({ mapAsMap: true });
  } catch (error) {
    problems.push(`it is no valid YAML: ${describeError(error)}`);
    return new Map();
  }
}

/** Goes on after a problem, so that all of them are told at once. */
class NetworkReader extends YamlReader {
  readonly #folder: string;

  constructor(folder: string) {
    super();
    this.#folder = folder;
  }

  readRoot(root: unknown): NetworkFile {
    if (!(root instanceof Map)) {
      this.problems.push('it should be a mapping with the keys "organizations", "peers" and, where needed, "identities"');
      return emptyNetwork;
    }
    const own: YamlMap = new Map([...(root as YamlMap)].filter(([key]) => !String(key).startsWith('x-')));
    this.refuseOtherKeys({ where: 'the top level', map: own }, ['organizations', 'peers', 'identities', ...UNUSED]);
    const peers = this.readEntries(root, 'peers', (spot, name) => this.#readPeer(spot, name));
    const organizations = this.#readOrganizations(root, peers);
    const identities = root.has('identities')
      ? this.readEntries(root, 'identities', (spot) => this.#readIdentity(spot))
      : new Map<string, NetworkIdentity>();
    return { organizations, peers, identities };
  }

  #readOrganizations(root: YamlMap, peers: ReadonlyMap<string, PeerConfig>): ReadonlyMap<string, NetworkOrganization> {
    const byName = this.readEntries(root, 'organizations', (spot) => this.#readOrganization(spot));
    const byMspid = new Map<string, NetworkOrganization>();
    for (const [name, organization] of byName) {
      const { mspid } = organization;
      if (byMspid.has(mspid)) this.problems.push(`organization "${name}": the MSP id "${mspid}" is another's already`);
      for (const peer of organization.peers) {
        if (!peers.has(peer)) this.problems.push(`organization "${name}": its peer "${peer}" is not among the peers`);
      }
      byMspid.set(mspid, organization);
    }
    return byMspid;
  }

  // Organizations and peers of connection profiles hold more than this server uses: their other keys may stand.
  #readOrganization(spot: YamlSpot): NetworkOrganization | undefined {
    const mspid = this.readText(spot, 'mspid');
    const peers = this.readTexts(spot, 'peers');
    return mspid === undefined || peers === undefined ? undefined : { mspid, peers };
  }

  #readPeer(spot: YamlSpot, name: string): PeerConfig | undefined {
    const address = this.#readAddress(spot);
    const roots = this.#readRoots(spot);
    const options = this.readOptionalMap(spot, 'grpcOptions');
    const serverName = options === undefined ? undefined : this.readOptionalText(options, 'ssl-target-name-override');
    return address === undefined ? undefined : { name, address, ...roots, serverName };
  }

  #readAddress(spot: YamlSpot): string | undefined {
    const url = this.readText(spot, 'url');
    if (url === undefined) return undefined;
    const match = /^grpcs:\/\/([^/:@\s]+|\[[0-9A-Fa-f:.]+\]):(\d{1,5})\/?$/.exec(url);
    const [, host, port] = match ?? [];
    if (host !== undefined && Number(port) > 0 && Number(port) <= 65_535) return `${host}:${port}`;
    this.problems.push(`${spot.where}: its url ${JSON.stringify(url)} should be grpcs://host:port`);
    return undefined;
  }

  #readRoots(spot: YamlSpot): Pick<PeerConfig, 'tlsCaCertsPath' | 'tlsCaCertsPem'> {
    const roots = this.readMap(spot, 'tlsCACerts');
    if (roots === undefined) return {};
    this.refuseOtherKeys(roots, ['path', 'pem']);
    const path = this.readOptionalText(roots, 'path');
    const pem = this.readOptionalText(roots, 'pem');
    if ((path === undefined) === (pem === undefined))
      this.problems.push(`${roots.where}: there should be either "path" or "pem"`);
    return path === undefined ? { tlsCaCertsPem: pem } : { tlsCaCertsPath: resolve(this.#folder, path) };
  }

  #readIdentity(spot: YamlSpot): NetworkIdentity | undefined {
    this.refuseOtherKeys(spot, ['cert', 'key', 'peer', 'tlsCert', 'tlsKey']);
    const certPath = this.#absolute(this.readText(spot, 'cert'));
    const keyPath = this.#absolute(this.readText(spot, 'key'));
    const peer = this.readOptionalText(spot, 'peer');
    const tlsCertPath = this.#absolute(this.readOptionalText(spot, 'tlsCert'));
    const tlsKeyPath = this.#absolute(this.readOptionalText(spot, 'tlsKey'));
    if ((tlsCertPath === undefined) !== (tlsKeyPath === undefined))
      this.problems.push(`${spot.where}: tlsCert and tlsKey belong together`);
    return certPath === undefined || keyPath === undefined
      ? undefined
      : { certPath, keyPath, peer, tlsCertPath, tlsKeyPath };
  }

  #absolute(path: string | undefined): string | undefined {
    return path === undefined ? undefined : resolve(this.#folder, path);
  }
}

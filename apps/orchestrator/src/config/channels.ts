import { parseDocument } from 'yaml';
import { describeError } from '../log/describe-error.ts';

/** One channel of the configuration file. */
export interface ChannelEntry {
  /** MSP ids. */
  readonly organizations: ReadonlySet<string>;
  /** The chaincode whose events are followed, in distributed mode. */
  readonly chaincode?: string | undefined;
}

/** The channels by name. */
export type ChannelTable = ReadonlyMap<string, ChannelEntry>;

/** What a fresh installation serves until it is told otherwise. */
export const developmentChannels: ChannelTable = new Map(
  ['mychannel', 'yourchannel'].map((name) => [name, { organizations: new Set(['MyOrg1MSP', 'MyOrg2MSP']) }]),
);

const MAX_NAME_LENGTH = 255;

/**
 * Reads a channel configuration: `channels: {name: [MSPID, …]}`, or for a channel
 * `name: {organizations: [MSPID, …], chaincode: cc}`.
 *
 * @returns the channels, and one sentence for each problem; with problems the channels are not to be used.
 */
export function parseChannels(text: string): { readonly channels: ChannelTable; readonly problems: readonly string[] } {
  const document = parseDocument(text, { prettyErrors: false });
  const fault = document.errors[0];
  if (fault !== undefined) return notYaml(`${fault.message} (at character ${fault.pos[0]})`);
  let root: unknown;
  try {
    // Maps stay maps: a channel may be called `__proto__`, and a number must not turn into a name.
    root = document.toJS({ mapAsMap: true });
  } catch (error) {
    return notYaml(describeError(error));
  }
  const reader = new ChannelReader();
  return { channels: reader.readRoot(root), problems: reader.problems };
}

function notYaml(fault: string): ReturnType<typeof parseChannels> {
  return { channels: new Map(), problems: [`it is no valid YAML: ${fault}`] };
}

/** Goes on after a problem, so that all of them are told at once. */
class ChannelReader {
  readonly problems: string[] = [];

  readRoot(root: unknown): ChannelTable {
    const table = new Map<string, ChannelEntry>();
    if (!(root instanceof Map)) {
      this.problems.push('it should be a mapping with the key "channels"');
      return table;
    }
    this.#refuseOtherKeys('the top level', root.keys(), 'channels');
    const channels: unknown = root.get('channels');
    if (!(channels instanceof Map) || channels.size === 0) {
      this.problems.push('"channels" should map at least one channel name to its organizations');
      return table;
    }
    for (const [name, value] of channels as ReadonlyMap<unknown, unknown>) {
      const fault = nameFault(name);
      if (fault !== undefined) this.problems.push(`channel ${show(name)}: its name ${fault}`);
      else table.set(name as string, this.#readChannel(name as string, value));
    }
    return table;
  }

  #readChannel(channel: string, value: unknown): ChannelEntry {
    const where = `channel ${show(channel)}`;
    if (!(value instanceof Map)) return { organizations: this.#readOrganizations(where, value) };
    this.#refuseOtherKeys(where, value.keys(), 'organizations', 'chaincode');
    const organizations = this.#readOrganizations(where, value.get('organizations'));
    const chaincode: unknown = value.get('chaincode');
    if (chaincode === undefined) return { organizations };
    const fault = nameFault(chaincode);
    if (fault === undefined) return { organizations, chaincode: chaincode as string };
    this.problems.push(`${where}: its chaincode ${show(chaincode)} ${fault}`);
    return { organizations };
  }

  #readOrganizations(where: string, value: unknown): ReadonlySet<string> {
    const organizations = new Set<string>();
    if (!Array.isArray(value) || value.length === 0) {
      this.problems.push(`${where}: its organizations should be a list of at least one MSP id`);
      return organizations;
    }
    for (const mspid of value as readonly unknown[]) {
      const fault = nameFault(mspid);
      if (fault !== undefined) this.problems.push(`${where}: the organization ${show(mspid)} ${fault}`);
      else if (organizations.has(mspid as string))
        this.problems.push(`${where}: the organization ${show(mspid)} is listed twice`);
      else organizations.add(mspid as string);
    }
    return organizations;
  }

  #refuseOtherKeys(where: string, keys: Iterable<unknown>, ...known: readonly string[]): void {
    for (const key of keys) {
      if (known.some((name) => name === key)) continue;
      this.problems.push(`${where}: the key ${show(key)} is unknown, there is ${known.join(' and ')}`);
    }
  }
}

/** Names travel in gRPC headers: these are printable ASCII, lose spaces at their ends, and a comma separates values. */
function nameFault(name: unknown): string | undefined {
  if (typeof name !== 'string') return 'should be text: put it in quotes';
  if (name === '') return 'is empty';
  if (name.length > MAX_NAME_LENGTH) return `is longer than ${MAX_NAME_LENGTH} characters`;
  if (name.includes(',')) return 'contains a comma';
  if (!/^[\x20-\x7e]+$/.test(name)) return 'contains characters that are not printable ASCII';
  if (name !== name.trim()) return 'begins or ends with a space';
  return undefined;
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}

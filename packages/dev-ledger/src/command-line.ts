import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { type DevLedger, startDevLedger } from './ledger.ts';
import type { ChaincodeSpec } from './network.ts';

/** A chaincode on the command line: `mychannel/mycc=127.0.0.1:9101,127.0.0.1:9102`. */
export interface ChaincodeOption {
  readonly channel: string;
  readonly name: string;
  /** In the order of the organizations. */
  readonly addresses: readonly string[];
}

interface Flags {
  readonly folder: string;
  readonly host: string;
  readonly ports?: readonly number[];
  readonly organizations: readonly string[];
  readonly channels: readonly string[];
  readonly chaincode: readonly ChaincodeOption[];
  readonly policy: string;
  readonly batchTimeout: number;
  readonly stateDatabase: 'leveldb' | 'couchdb';
  readonly mutualTls: boolean;
  readonly initRequired: boolean;
}

/**
 * Starts a ledger as the arguments say, deploys its chaincodes and writes, beside the network file, `chaincodes.json`: the
 * package ids that the chaincode processes have to be started with.
 *
 * @returns The ledger and the line that says that it is ready; undefined when only help was asked for.
 */
export async function runCommandLine(args: readonly string[]): Promise<{ readonly ledger: DevLedger; readonly ready: string } | undefined> {
  let flags: Flags | undefined;
  const command = commandLine().action((options: Flags) => {
    flags = options;
  });
  await command.parseAsync([...args], { from: 'user' });
  return flags && (await start(flags));
}

async function start(flags: Flags): Promise<{ readonly ledger: DevLedger; readonly ready: string }> {
  const folder = resolve(flags.folder);
  await mkdir(folder, { recursive: true });
  const { organizations, channels, host, ports, mutualTls, stateDatabase, batchTimeout: batchTimeoutMs } = flags;
  const ledger = await startDevLedger({
    folder,
    organizations,
    channels,
    host,
    mutualTls,
    stateDatabase,
    batchTimeoutMs,
    ...(ports && { ports }),
  });
  const ids = await deploy(ledger, flags);
  const idsFile = join(folder, 'chaincodes.json');
  await writeFile(idsFile, `${JSON.stringify(ids, null, 2)}\n`);
  const peers = ledger.organizations.map(({ mspid, gatewayAddress }) => `${mspid} at ${gatewayAddress}`).join(', ');
  return { ledger, ready: `The development ledger is ready: ${peers}; network file ${ledger.networkFile}; package ids ${idsFile}` };
}

async function deploy(ledger: DevLedger, { chaincode, organizations, policy, initRequired }: Flags): Promise<object[]> {
  const specs = chaincode.map(({ channel, name, addresses }) => {
    const label = `${name}_1`;
    const spec: ChaincodeSpec = { channel, name, package: label, policy, initRequired };
    return {
      spec,
      package: { label, addresses: Object.fromEntries(organizations.map((mspid, index) => [mspid, addresses[index] ?? ''])) },
    };
  });
  await ledger.deploy({ packages: specs.map((one) => one.package), chaincodes: specs.map(({ spec }) => spec) });
  return specs.flatMap(({ spec: { channel, name }, package: { label, addresses } }) =>
    organizations.map((mspid) => ({ channel, name, mspid, address: addresses[mspid], packageId: ledger.packageId(label, mspid) })),
  );
}

function commandLine(): Command {
  return new Command('dev-ledger')
    .description('A stand-in for a Fabric network, for development: one peer per organization, in one process, in memory.')
    .option('--folder <path>', 'where certificates, network.yaml and chaincodes.json are written', 'dev-ledger-data')
    .option('--host <host>', 'the host that the peers listen at', '127.0.0.1')
    .option('--ports <list>', 'the ports of the peers, in the order of the organizations; free ones by default', portList)
    .option('--organizations <list>', 'MSP ids', list, ['MyOrg1MSP', 'MyOrg2MSP'])
    .option('--channels <list>', 'channels of all the organizations', list, ['mychannel', 'yourchannel'])
    .option(
      '--chaincode <channel/name=addresses>',
      'a chaincode and where it listens, one address per organization; may be repeated',
      collectChaincodes,
      [],
    )
    .option('--policy <policy>', "the chaincodes' endorsement policy: AND, OR, or one such as OR('MyOrg1MSP.peer','MyOrg2MSP.peer')", 'AND')
    .option('--init-required', 'the chaincodes have to be initialised first', false)
    .option('--batch-timeout <ms>', 'a block is cut this long after its first transaction', wholeNumber, 20)
    .addOption(
      new Option('--state-database <name>', 'whose rules for keys and values hold').choices(['leveldb', 'couchdb']).default('leveldb'),
    )
    .option('--mutual-tls', 'clients need a certificate of a TLS CA of the organizations', false)
    .exitOverride();
}

function list(text: string): string[] {
  return text.split(',').filter((one) => one !== '');
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('not a whole number');
  return Number(text);
}

function portList(text: string): number[] {
  return list(text).map(wholeNumber);
}

function collectChaincodes(text: string, before: readonly ChaincodeOption[]): ChaincodeOption[] {
  const [, channel, name, addresses] = /^([^/=]+)\/([^/=]+)=(.+)$/.exec(text) ?? [];
  if (channel === undefined || name === undefined || addresses === undefined)
    throw new InvalidArgumentError('such as mychannel/mycc=127.0.0.1:9101,127.0.0.1:9102');
  return [...before, { channel, name, addresses: list(addresses) }];
}

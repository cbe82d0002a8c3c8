import { readFileSync } from 'node:fs';
import { type ChannelOptions, type ChannelCredentials, credentials } from '@grpc/grpc-js';
import { Command } from 'commander';

/** What the suite is run against, and how much of it. */
export interface Options {
  /** `host:port` of the gRPC listener. */
  readonly serverAddr: string;
  readonly short: boolean;
  readonly tls: boolean;
  readonly cafile?: string;
  readonly certfile?: string;
  readonly keyfile?: string;
  readonly serverNameOverride?: string;
  /** Two channels of which both organizations are members. */
  readonly channel: string;
  readonly otherChannel: string;
  readonly mspid: string;
  readonly otherMspid: string;
  readonly chaincode?: string;
  /** Part of the names of the scenarios to run. */
  readonly filter?: string;
}

/** The organizations and channels of the development configuration. */
export const defaultOptions = {
  short: false,
  tls: false,
  channel: 'mychannel',
  otherChannel: 'yourchannel',
  mspid: 'MyOrg1MSP',
  otherMspid: 'MyOrg2MSP',
} as const satisfies Omit<Options, 'serverAddr'>;

/** Reads the command line; `--help` and mistakes end the process with a text. */
export function parseOptions(argv: readonly string[]): Options {
  const command = new Command('e2e')
    .description('Runs the end-to-end scenarios against a running orchestrator, by gRPC only.')
    .requiredOption('--server-addr <host:port>', 'address of the gRPC server')
    .option('--short', 'leave out the long scenarios', defaultOptions.short)
    .option('--tls', 'connect by TLS', defaultOptions.tls)
    .option('--cafile <file>', 'CA certificate of the server, in PEM')
    .option('--certfile <file>', 'client certificate, in PEM')
    .option('--keyfile <file>', 'key of the client certificate, in PEM')
    .option('--server-name-override <name>', "name in the server's certificate, where it is not the address")
    .option('--channel <name>', 'channel to work in', defaultOptions.channel)
    .option('--other-channel <name>', 'second channel', defaultOptions.otherChannel)
    .option('--mspid <id>', 'organization of both channels', defaultOptions.mspid)
    .option('--other-mspid <id>', 'second organization of both channels', defaultOptions.otherMspid)
    .option('--chaincode <name>', 'chaincode header to send (distributed mode)')
    .option('--filter <name>', 'run only the scenarios whose area or name has this text')
    .parse([...argv], { from: 'user' });
  return command.opts<Options>();
}

/** @throws Error when a certificate file cannot be read. */
export function channelCredentials(options: Options): ChannelCredentials {
  if (!options.tls) return credentials.createInsecure();
  return credentials.createSsl(read(options.cafile), read(options.keyfile), read(options.certfile));
}

export function channelOptions(options: Options): ChannelOptions {
  if (options.serverNameOverride === undefined) return {};
  return {
    'grpc.ssl_target_name_override': options.serverNameOverride,
    'grpc.default_authority': options.serverNameOverride,
  };
}

function read(file: string | undefined): Buffer | null {
  return file === undefined ? null : readFileSync(file);
}

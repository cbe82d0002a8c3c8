import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { buildConfig, databaseToMigrate, effectiveValues } from '../config/build-config.ts';
import { ConfigError } from '../config/config-error.ts';
import type { Config } from '../config/config.ts';
import { renderSettingsHelp } from '../config/docs.ts';
import { parseDurationMs } from '../config/duration.ts';
import type { Environment } from '../config/environment.ts';
import { renderConfigInForce } from '../config/report.ts';
import { describeError } from '../log/describe-error.ts';
import { createLog } from '../log/log.ts';
import type { Log } from '../log/log.ts';
import { addBroker } from './broker-commands.ts';
import type { BrokerCommands } from './broker-commands.ts';
import { readVersion } from './version.ts';

/** What the commands do their work with. Loaded when it is wanted, so that help and probes start quickly. */
export interface Commands {
  /** Runs the server until SIGTERM or SIGINT and its end. */
  serve(config: Config, log: Log): Promise<void>;
  /** @returns the names of the migrations that were run. */
  migrate(databaseUrl: string): Promise<readonly string[]>;
  /** @returns the path of the new file. */
  newMigration(name: string): Promise<string>;
  readonly broker: BrokerCommands;
}

export interface CliContext {
  readonly commands: Commands;
  readonly environment: Environment;
  /** Whether people read the output. */
  readonly isTerminal: boolean;
  readonly print: (text: string) => void;
  readonly printError: (text: string) => void;
}

/** Exit codes, as scripts and probes see them. */
export const ExitCode = {
  Ok: 0,
  /** It did not work, or the probed server is not ready. */
  Failure: 1,
  /** The command line or the configuration cannot be used. */
  Usage: 2,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** One run of the program; a command may leave another exit code. */
interface Run extends CliContext {
  exitCode: ExitCode;
}

const MAX_PROBE_TIMEOUT_MS = 600_000;

/**
 * Runs one command line and tells of its failure in one message.
 *
 * @param args without the names of Node and the program.
 */
export async function runCli(args: readonly string[], context: CliContext): Promise<ExitCode> {
  const run: Run = { ...context, exitCode: ExitCode.Ok };
  try {
    await createProgram(run).parseAsync(args.length === 0 ? ['--help'] : args, { from: 'user' });
    return run.exitCode;
  } catch (error) {
    // Commander has said what it had to say: help, the version or a usage error.
    if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.Ok : ExitCode.Usage;
    if (error instanceof ConfigError) {
      context.printError(`${error.message}\n`);
      return ExitCode.Usage;
    }
    const name = args.slice(0, args[0] === 'broker' ? 2 : 1).join(' ');
    context.printError(`orchestrator ${name} failed: ${describeError(error)}\n`);
    return ExitCode.Failure;
  }
}

function createProgram(run: Run): Command {
  const program = new Command('orchestrator')
    .description('The orchestrator of federated-learning networks')
    .version(readVersion(), '-V, --version', 'print the version')
    .helpCommand(false)
    .showHelpAfterError('(orchestrator --help says more)')
    .configureOutput({ writeOut: run.print, writeErr: run.printError })
    .addHelpText('after', `\n${renderSettingsHelp()}`)
    .exitOverride();
  addServe(program, run);
  addMigrate(program, run);
  addConfig(program, run);
  addProbe(program, run);
  addBroker(program, run, () => {
    run.exitCode = ExitCode.Failure;
  });
  return program;
}

function addServe(program: Command, { commands, environment, isTerminal }: CliContext): void {
  program
    .command('serve')
    .description('run the server')
    .action(async () => {
      const config = buildConfig(environment);
      const log = createLog({ ...config.logging, pretty: isTerminal });
      for (const warning of config.warnings) log.warn({}, warning);
      await commands.serve(config, log);
    });
}

function addMigrate(program: Command, { commands, environment, print }: CliContext): void {
  program
    .command('migrate')
    .description('bring the schema of ORCHESTRATOR_DATABASE_URL up to date')
    .action(async () => {
      const applied = await commands.migrate(databaseToMigrate(environment));
      print(applied.length === 0 ? 'The schema is up to date.\n' : `Migrated: ${applied.join(', ')}\n`);
    })
    .command('new <name>')
    .description('make the file of a new migration (for developers)')
    .action(async (name: string) => {
      print(`${await commands.newMigration(name)}\n`);
    });
}

function addConfig(program: Command, run: Run): void {
  program
    .command('config')
    .description('print the configuration in force, with secrets masked')
    .action(() => {
      run.print(renderConfigInForce(run.environment));
      const { warnings } = buildConfig(run.environment);
      for (const warning of warnings) run.printError(`Warning: ${warning}\n`);
    });
}

function addProbe(program: Command, run: Run): void {
  program
    .command('probe')
    .description('ask the server of this environment on this machine whether it is ready (exit code 0) or not (1)')
    .addOption(new Option('--http', 'ask /readyz, the default').conflicts('grpc'))
    .option('--grpc', 'ask the gRPC health service')
    .option('--timeout <duration>', 'how long to wait', parseTimeoutMs, 3000)
    .action(async ({ grpc, timeout }: { readonly grpc?: true; readonly timeout: number }) => {
      // Not the whole configuration: a broken channel file must not get a running server killed.
      const values = effectiveValues(run.environment.values);
      const { probeGrpc, probeHttp } = await import('./probe.ts');
      const { ready, message } = await (grpc === true ? probeGrpc(values, timeout) : probeHttp(values, timeout));
      if (ready) run.print(`${message}\n`);
      else run.printError(`${message}\n`);
      run.exitCode = ready ? ExitCode.Ok : ExitCode.Failure;
    });
}

function parseTimeoutMs(text: string): number {
  const timeoutMs = parseDurationMs(text);
  if (timeoutMs === undefined || timeoutMs < 1 || timeoutMs > MAX_PROBE_TIMEOUT_MS) {
    throw new InvalidArgumentError('It should be a duration from 1ms to 10m, as 3s.');
  }
  return Math.round(timeoutMs);
}

import { Option } from 'commander';
import type { Command } from 'commander';
import type { StatusCommand, StatusOutcome } from '../broker/status.ts';
import type { ReconcileCommand, ReconcileOutcome, WatchCommand } from '../broker/topology/commands.ts';
import { databaseToAsk } from '../config/build-config.ts';
import type { Environment } from '../config/environment.ts';
import { eventIndexFileOf } from '../config/fabric.ts';
import { buildReconcilerConfig } from '../config/reconciler-config.ts';
import { virtualHostOf } from '../config/virtual-host.ts';
import { createLog } from '../log/log.ts';

/** What the commands around the broker do their work with. */
export interface BrokerCommands {
  readonly reconcile: (command: ReconcileCommand) => Promise<ReconcileOutcome>;
  /** Until SIGTERM or SIGINT. */
  readonly watch: (command: WatchCommand) => Promise<void>;
  readonly status: (command: StatusCommand) => Promise<StatusOutcome>;
}

export interface BrokerCliContext {
  readonly commands: { readonly broker: BrokerCommands };
  readonly environment: Environment;
  readonly isTerminal: boolean;
  readonly print: (text: string) => void;
  readonly printError: (text: string) => void;
}

interface ReconcileFlags {
  readonly watch?: true;
  readonly dryRun?: true;
  readonly pruneNonempty?: true;
}

/** Adds `broker reconcile` and `broker status`. @param fail is called when a pass leaves something to put right. */
export function addBroker(program: Command, context: BrokerCliContext, fail: () => void): void {
  const broker = program.command('broker').description("see to RabbitMQ's exchanges, queues and users, and how far publishing is");
  broker
    .command('reconcile')
    .description('make the broker what the channel configuration says; exit code 1 when something is left to put right')
    .addOption(new Option('--watch', 'go on until SIGTERM or SIGINT').conflicts('dryRun'))
    .option('--dry-run', 'print what would be done, and change nothing')
    .option('--prune-nonempty', 'delete the queues of organizations that are gone even with unread events in them')
    .action(async (flags: ReconcileFlags) => {
      if (!(await reconcile(context, flags))) fail();
    });
  broker
    .command('status')
    .description('print for each channel how far the broker has confirmed its events, and which server publishes it; exit code 1 when the broker cannot take them')
    .action(async () => {
      if (!(await status(context))) fail();
    });
}

async function reconcile({ commands, environment, isTerminal, print, printError }: BrokerCliContext, flags: ReconcileFlags): Promise<boolean> {
  const config = buildReconcilerConfig(environment);
  const pruneNonempty = flags.pruneNonempty === true;
  if (flags.watch === true) {
    const log = createLog({ ...config.logging, pretty: isTerminal });
    await commands.broker.watch({ config, pruneNonempty, log });
    return true;
  }
  const { ok, out, err } = await commands.broker.reconcile({ config, pruneNonempty, dryRun: flags.dryRun === true });
  print(out);
  printError(err);
  return ok;
}

async function status({ commands, environment, print, printError }: BrokerCliContext): Promise<boolean> {
  const { values } = environment;
  const { ok, out, err } = await commands.broker.status({
    ...(values.mode === 'distributed' ? { eventIndexFile: eventIndexFileOf(values) } : { databaseUrl: databaseToAsk(environment) }),
    amqpDsn: values.amqpDsn,
    exchange: values.amqpExchange,
    channelsPath: values.channelConfig,
    managementUrl: values.rabbitmqManagementUrl,
    virtualHost: virtualHostOf(values.amqpDsn),
  });
  print(out);
  printError(err);
  return ok;
}

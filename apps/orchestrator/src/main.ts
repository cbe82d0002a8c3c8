import { runCli } from './cli/cli.ts';
import { asksForTraces, processEnvironment } from './config/process-environment.ts';

process.exitCode = await runCli(process.argv.slice(2), {
  environment: processEnvironment(),
  isTerminal: process.stdout.isTTY,
  print: (text) => void process.stdout.write(text),
  printError: (text) => void process.stderr.write(text),
  commands: {
    serve: async (config, log) => {
      const tracing = asksForTraces() ? await (await import('./tracing/start.ts')).startTracing(log) : undefined;
      await (await import('./serve.ts')).serve(config, log, tracing);
    },
    migrate: async (databaseUrl) => (await import('./standalone/migrations/migrate.ts')).migrate(databaseUrl),
    newMigration: async (name) => (await import('./standalone/migrations/migration-files.ts')).newMigration(name),
    broker: {
      reconcile: async (command) => (await import('./broker/topology/commands.ts')).reconcileOnce(command),
      watch: async (command) => (await import('./broker/topology/commands.ts')).watchUntilSignal(command),
      status: async (command) => (await import('./broker/status.ts')).readStatus(command),
    },
  },
});

import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { ConfigError, readConfig } from './config/config.ts';
import { createLog } from './log.ts';

try {
  const config = readConfig(process.env, new Date(performance.timeOrigin));
  const log = createLog(config.logLevel);
  const { serve } = await import('./server/serve.ts');
  await serve(config, log);
  process.exitCode = 0;
} catch (error) {
  const text = error instanceof ConfigError ? error.message : `The chaincode cannot start: ${error instanceof Error ? error.message : String(error)}`;
  process.stderr.write(`${text}\n`);
  process.exitCode = 1;
}

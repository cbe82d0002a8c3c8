import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defineIsolation, isolationChannels } from '../spec-support-isolation.ts';
import { startDevSpecLedger } from './spec-support-servers.ts';

defineIsolation(async () => {
  const ledger = await startDevSpecLedger();
  const { folder, names } = ledger.deployment;
  const path = join(folder, 'isolation.yaml');
  const lines = Object.entries(isolationChannels).map(
    ([channel, members]) => `  ${channel}: { organizations: [${members}], chaincode: ${names[channel]} }\n`,
  );
  await writeFile(path, `channels:\n${lines.join('')}`);
  const server = await ledger.startServer({ ORCHESTRATOR_CHANNEL_CONFIG: path, METRICS_ENABLED: 'true' });
  return { server, [Symbol.asyncDispose]: () => ledger[Symbol.asyncDispose]() };
});

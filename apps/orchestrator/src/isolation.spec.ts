import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServerProcess } from '@orchestrator/tools';
import { defineIsolation, isolationChannels } from './spec-support-isolation.ts';
import { createMigratedDatabase } from './standalone/spec-support.ts';

defineIsolation(async () => {
  await using opened = new AsyncDisposableStack();
  const database = opened.use(await createMigratedDatabase());
  const folder = await mkdtemp(join(tmpdir(), 'orchestrator-isolation-'));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'channels.yaml');
  const lines = Object.entries(isolationChannels).map(([channel, members]) => `  ${channel}: [${members}]\n`);
  await writeFile(path, `channels:\n${lines.join('')}`);
  const server = opened.use(
    await ServerProcess.start({
      ORCHESTRATOR_DATABASE_URL: database.url,
      ORCHESTRATOR_CHANNEL_CONFIG: path,
      METRICS_ENABLED: 'true',
    }),
  );
  const stack = opened.move();
  return { server, [Symbol.asyncDispose]: () => stack.disposeAsync() };
});

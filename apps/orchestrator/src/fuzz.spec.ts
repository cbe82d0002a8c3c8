import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServerProcess } from '@orchestrator/tools';
import { defineFuzz } from './spec-support-fuzz.ts';
import { createMigratedDatabase } from './standalone/spec-support.ts';

const isExtended = process.env['ORCHESTRATOR_TEST_EXTENDED'] === '1';
const lanes = Array.from({ length: 4 }, (_, lane) => [`fuzz${lane}`, `again${lane}`] as const);

defineFuzz({
  lanes,
  messages: isExtended ? 100_000 : 5000,
  timeoutMs: isExtended ? 3_600_000 : 300_000,
  open: async () => {
    await using opened = new AsyncDisposableStack();
    const folder = await mkdtemp(join(tmpdir(), 'orchestrator-fuzz-'));
    opened.defer(() => rm(folder, { recursive: true, force: true }));
    const path = join(folder, 'channels.yaml');
    await writeFile(path, `channels:\n${lanes.flat().map((name) => `  ${name}: [MyOrg1MSP, MyOrg2MSP]\n`).join('')}`);
    const database = opened.use(await createMigratedDatabase());
    const server = opened.use(
      await ServerProcess.start({ ORCHESTRATOR_DATABASE_URL: database.url, ORCHESTRATOR_CHANNEL_CONFIG: path }),
    );
    const stack = opened.move();
    return { server, [Symbol.asyncDispose]: () => stack.disposeAsync() };
  },
});

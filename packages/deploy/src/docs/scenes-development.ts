import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createTestDatabase } from '@orchestrator/tools';
import { root } from '../paths.ts';
import type { Desk } from './desk.ts';
import { expectIn, isServing, type Scene } from './scene.ts';

/** Pages for those who work on the product. */
export const developmentScenes: readonly Scene[] = [
  { name: 'help, and a new migration', play: helpAndMigration },
  { name: 'generated code and the contract', play: generate },
  { name: 'end-to-end scenarios by their README', play: scenarios },
];

async function helpAndMigration(desk: Desk): Promise<void> {
  expectIn(await desk.run({ page: 'docs/development.md', begins: 'npx node' }), 'ORCHESTRATOR_DATABASE_URL', 'migrate');
  for (const [page, name] of [['docs/development.md', 'add_task_priority'], ['docs/add-an-asset.md', 'add_labels']] as const) {
    await desk.run({ page, begins: 'sh apps/orchestrator/bin/orchestrator migrate new' });
    const made = globSync(`apps/orchestrator/src/standalone/migrations/*_${name}.sql`, { cwd: desk.folder });
    if (made.length !== 1) throw new Error(`${page} made ${made.length} migrations ${name}`);
  }
}

/** Without a change of the proto files nothing is generated anew, and the contract stands. */
async function generate(desk: Desk): Promise<void> {
  await desk.run({ page: 'docs/add-an-asset.md', begins: 'npm run generate' });
  const made = 'packages/lib/src/gen/orchestrator/common.ts';
  const [here, there] = await Promise.all([root, desk.folder].map((folder) => readFile(join(folder, made), 'utf8')));
  if (here !== there) throw new Error(`${made} differs from the one in the repository`);
}

async function scenarios(desk: Desk): Promise<void> {
  await using database = await createTestDatabase();
  const env = { ORCHESTRATOR_DATABASE_URL: database.url, ORCHESTRATOR_MIGRATE: 'true', ORCHESTRATOR_CHANNEL_CONFIG: 'examples/compose/channels.yaml' };
  const server = await desk.start({ page: 'docs/add-an-asset.md', begins: 'ORCHESTRATOR_DATA_DIR=$(mktemp -d) npm start', env, until: isServing });
  const said = await desk.run({ page: 'e2e/README.md', begins: 'npm run e2e -- --help', replace: { 'HOST:PORT': server.addresses.grpc } });
  expectIn(said, '--server-addr', /[1-9]\d* passed, 0 failed/);
}

import { mkdtempSync, readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, ServerProcess } from '@orchestrator/tools';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { expectMutualTls } from './docs/scenes-standalone.ts';
import { root } from './paths.ts';
import { runOk } from './run.ts';

type Environment = Readonly<Record<string, string>>;

const compose = parse(readFileSync(join(root, 'compose.yaml'), 'utf8'), { merge: true }) as {
  readonly services: Readonly<Record<'migrate' | 'reconciler' | 'orchestrator', { readonly command: readonly string[]; readonly environment: Environment }>>;
};
const launcher = join(root, 'apps/orchestrator/bin/orchestrator');
const folder = mkdtempSync(join(tmpdir(), 'orchestrator-compose-'));
const certificates = join(folder, 'compose-certificates');

/** What a service is told, with files as they are mounted. */
function environmentOf(service: keyof (typeof compose)['services']): Environment {
  const mounts: readonly (readonly [string, string])[] = [
    ['/etc/orchestrator/channels.yaml', join(root, 'examples/compose/channels.yaml')],
    ['/etc/orchestrator/tls', certificates],
  ];
  const moved = (value: string): string => mounts.reduce((path, [inside, outside]) => path.replace(inside, outside), value);
  return Object.fromEntries(Object.entries(compose.services[service].environment).map(([name, value]) => [name, moved(value)]));
}

afterAll(() => rm(folder, { recursive: true, force: true }));

describe("compose.yaml's services, without an engine", () => {
  it('make certificates, migrate, and serve two organizations by mutual TLS', async () => {
    // Who may read them in the containers is of no matter here, and only root may say so.
    await writeFile(join(folder, 'chown'), '#!/bin/sh\n', { mode: 0o755 });
    const script = join(root, 'examples/compose/make-certificates.sh');
    const env = { PATH: `${folder}:${process.env['PATH'] ?? ''}` };
    for (const _ of ['first start', 'second start']) await runOk({ command: 'sh', args: [script, join(root, 'examples/tools'), certificates], env });
    await using database = await createTestDatabase();
    const here = { ORCHESTRATOR_DATABASE_URL: database.url };
    await runOk({ command: 'sh', args: [launcher, ...compose.services.migrate.command], env: { ...environmentOf('migrate'), ...here } });
    await using server = await ServerProcess.start({ ...environmentOf('orchestrator'), ...here, ORCHESTRATOR_AMQP_DSN: 'amqp://admin:development@127.0.0.1:1/orchestrator' });
    for (const mspid of ['MyOrg1MSP', 'MyOrg2MSP']) {
      await expectMutualTls(certificates, server.grpcAddress, ['server/ca.crt', `${mspid}/client.crt`, `${mspid}/client.key`]);
    }
    expect((await fetch(`http://${server.httpAddress}/metrics`)).ok).toBe(true);
  }, 120_000);

  it.each(['migrate', 'reconciler', 'orchestrator'] as const)("%s has an environment that the server's own parser takes, without a warning", async (service) => {
    const said = await runOk({ command: 'sh', args: ['-c', 'exec "$0" config 2>&1', launcher], env: environmentOf(service) });
    expect(said).not.toMatch(/is no variable|has no effect/);
    expect(said).toContain('ORCHESTRATOR_DATABASE_URL');
  }, 60_000);
});

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { createTestDatabase } from '@orchestrator/tools';
import { beforeAll, describe, expect, it } from 'vitest';
import { readVersion } from './cli/version.ts';

const root = join(import.meta.dirname, '../../..');
const BUILD_TIMEOUT_MS = 120_000;

/** Runs the built program, as an image does: without the condition that leads to the sources. */
function run(args: readonly string[], environment: Readonly<Record<string, string>> = {}): string {
  const env = { PATH: process.env['PATH'] ?? '', ...environment };
  return execFileSync(process.execPath, ['apps/orchestrator/dist/main.js', ...args], { cwd: root, env, encoding: 'utf8' });
}

describe('the built program', () => {
  beforeAll(() => {
    const nx = join(root, 'node_modules/nx/dist/bin/nx.js');
    execFileSync(process.execPath, [nx, 'run', '@orchestrator/server:build'], { cwd: root, stdio: 'ignore' });
  }, BUILD_TIMEOUT_MS);

  it('says its version', () => {
    expect(run(['--version']).trim()).toBe(readVersion());
  });

  it('brings its migrations along', async () => {
    await using database = await createTestDatabase();
    const environment = { ORCHESTRATOR_DATABASE_URL: database.url };
    expect(run(['migrate'], environment)).toMatch(/0001_initial/u);
    expect(run(['migrate'], environment)).toMatch(/up to date/u);
  });
});

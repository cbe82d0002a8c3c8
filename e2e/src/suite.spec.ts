import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServerProcess } from '@orchestrator/tools';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Connection } from './client.ts';
import { type Context, createContext } from './context.ts';
import { defaultOptions } from './options.ts';
import { type NamedScenario, planSuite, registerOrganizations } from './runner.ts';

const SHORT = { short: true };

function runCommand(...argv: string[]): { code: number | null; output: string } {
  const main = join(import.meta.dirname, 'main.ts');
  const args = ['--conditions=@orchestrator/source', main, ...argv];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 60_000 });
  return { code: status, output: stdout + stderr };
}

describe('the standalone server', () => {
  let directory: string;
  let server: ServerProcess;
  let connection: Connection;
  let context: Context;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'orchestrator-e2e-'));
    server = await ServerProcess.start({ ORCHESTRATOR_DATA_DIR: join(directory, 'data') });
    const options = { ...defaultOptions, serverAddr: server.grpcAddress };
    connection = new Connection(options);
    context = createContext(connection, options);
  });

  afterAll(async () => {
    await connection?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
    await rm(directory, { recursive: true, force: true });
  });

  const run = ({ name, scenario }: NamedScenario): void => {
    it(name, () => scenario.run(context));
  };
  const { before, after } = planSuite(SHORT);

  before.forEach(run);

  it('registers the organizations', async () => {
    await registerOrganizations(context);
    const { organizations } = await context.org1.call('GetAllOrganizations', {});
    expect(organizations).toHaveLength(2);
  });

  after.forEach(run);

  it('passes the command too, which counts what it ran', () => {
    const { code, output } = runCommand('--server-addr', server.grpcAddress, '--filter', 'info: ');
    expect(output).toMatch(/\n4 passed, 0 failed\n$/);
    expect(code).toBe(0);
  });

  it('fails the command when nothing is chosen', () => {
    const { code, output } = runCommand('--server-addr', server.grpcAddress, '--filter', 'no such scenario');
    expect(output).toBe('0 passed, 0 failed\n');
    expect(code).toBe(1);
  });
});

describe('the command', () => {
  it('explains itself', () => {
    const { code, output } = runCommand('--help');
    expect(output).toContain('--server-addr <host:port>');
    expect(code).toBe(0);
  });

  it('says in one line that the server is away', () => {
    const { code, output } = runCommand('--server-addr', '127.0.0.1:1', '--filter', 'info: ');
    expect(output).toMatch(/^e2e: .*UNAVAILABLE.*\n$/);
    expect(code).toBe(1);
  });
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { expect, it } from 'vitest';
import { startDebianPostgres, startTestPostgres } from './postgres.ts';

async function show(url: string, setting: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, string>>(`SHOW ${setting}`);
    return rows[0]?.[setting];
  } finally {
    await client.end();
  }
}

async function vanishes(path: string): Promise<boolean> {
  for (let tries = 0; tries < 100 && existsSync(path); tries += 1) await delay(100);
  return !existsSync(path);
}

it('syncs commits unless told otherwise, and leaves nothing behind', async () => {
  const careful = await startTestPostgres();
  await using quick = await startTestPostgres({ fsync: false });
  expect(await show(careful.adminUrl, 'fsync')).toBe('on');
  expect(await show(quick.adminUrl, 'fsync')).toBe('off');
  const folder = await show(careful.adminUrl, 'data_directory');
  expect(existsSync(dirname(String(folder)))).toBe(true);
  await careful[Symbol.asyncDispose]();
  expect(existsSync(dirname(String(folder)))).toBe(false);
});

it('ends with a killed test run', async () => {
  const program = `
    const { startTestPostgres } = await import('@orchestrator/tools');
    console.log((await startTestPostgres({ fsync: false })).adminUrl);
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--conditions=@orchestrator/source', '--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
  const folder = dirname(dirname(String(await show(line.trim(), 'data_directory'))));
  child.kill('SIGKILL');
  expect(await vanishes(folder)).toBe(true);
});

it('starts the oldest supported PostgreSQL where Debian has it', async () => {
  await using debian = await startDebianPostgres({ fsync: false });
  expect(debian?.version ?? 'not installed').toMatch(/^15\.|^not installed$/);
});

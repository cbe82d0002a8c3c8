import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it, onTestFinished } from 'vitest';
import { isListening } from './listening.ts';
import { findPorts } from './ports.ts';
import { ProcessGuard } from './process-guard.ts';
import { Program, runTool } from './program.ts';

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'orchestrator-program-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A program that runs this script of Node; it is ready once it listens on the port that it is given. */
async function program(script: string, readyTimeoutMs = 20_000): Promise<{ program: Program; address: string }> {
  const folder = await temporaryFolder();
  const address = `127.0.0.1:${(await findPorts(1))[0]}`;
  const guard = new ProcessGuard();
  const made = new Program({
    name: 'the program',
    file: process.execPath,
    args: ['-e', script],
    env: { PORT: address.split(':')[1] ?? '' },
    folder,
    logFile: join(folder, 'log'),
    guard,
    isReady: () => isListening(address),
    readyTimeoutMs,
  });
  onTestFinished(async () => {
    await made.stop('SIGKILL');
    guard[Symbol.dispose]();
  });
  return { program: made, address };
}

const listen = "require('node:net').createServer().listen(Number(process.env.PORT), '127.0.0.1')";

it('starts when it is ready, ends, and starts again at the same address', async () => {
  const { program: one, address } = await program(listen);
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    await one.start();
    expect([one.isRunning, await isListening(address)]).toEqual([true, true]);
    await one.stop(signal);
    expect([one.isRunning, one.pid, await isListening(address)]).toEqual([false, undefined, false]);
  }
});

it('tells the end of the log of a program that ends before it is ready', async () => {
  const { program: one } = await program("console.error('out of luck'); process.exit(1)");
  await expect(one.start()).rejects.toThrow(/the program ended[^]*out of luck/);
});

it('stops a program that is not ready in time', async () => {
  const { program: one } = await program("console.log('thinking'); setInterval(() => 0, 1000)", 1_000);
  await expect(one.start()).rejects.toThrow(/not ready after 1000 ms[^]*thinking/);
  expect(one.isRunning).toBe(false);
});

it('kills what a killed process has started, and removes its folder', async () => {
  const folder = await temporaryFolder();
  const [port] = await findPorts(1);
  const guardPath = JSON.stringify(join(import.meta.dirname, 'process-guard.ts'));
  const script = `
    const { spawn } = await import('node:child_process');
    const { ProcessGuard } = await import(${guardPath});
    const child = spawn(process.execPath, ['-e', ${JSON.stringify(listen)}], { env: { PORT: '${port}' }, detached: true, stdio: 'ignore' });
    new ProcessGuard(${JSON.stringify(folder)}).watch(child);
    console.log('watched');
    setInterval(() => 0, 1000);`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(createInterface({ input: parent.stdout }), 'line');
  await expect.poll(() => isListening(`127.0.0.1:${port}`), { timeout: 20_000 }).toBe(true);
  parent.kill('SIGKILL');
  await expect.poll(() => isListening(`127.0.0.1:${port}`), { timeout: 20_000 }).toBe(false);
  const { existsSync } = await import('node:fs');
  await expect.poll(() => existsSync(folder), { timeout: 20_000 }).toBe(false);
});

it('says which command failed, and what it printed', async () => {
  const failing = runTool({ file: process.execPath, args: ['-e', "console.error('bad luck'); process.exit(2)"], folder: tmpdir() });
  await expect(failing).rejects.toThrow(/-e .* failed:\nbad luck/);
});

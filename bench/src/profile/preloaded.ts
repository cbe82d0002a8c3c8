/**
 * Loaded into a server that is profiled: SIGUSR2 begins a profile of V8's, or ends it and writes it. The file is there
 * when it is whole; that another one, of the same name with `.begun`, is there says that it has begun.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { BEGUN, FILE_VARIABLE } from './files.ts';

const INTERVAL_MICROS = 500;

const file = process.env[FILE_VARIABLE] ?? '';
const session = new Session();
let isRunning = false;

async function toggle(): Promise<void> {
  isRunning = !isRunning;
  if (!isRunning) {
    const { profile } = await session.post('Profiler.stop');
    session.disconnect();
    writeFileSync(`${file}.part`, JSON.stringify(profile));
    renameSync(`${file}.part`, file);
    return;
  }
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: INTERVAL_MICROS });
  await session.post('Profiler.start');
  writeFileSync(file + BEGUN, '');
}

process.on('SIGUSR2', () => void toggle());

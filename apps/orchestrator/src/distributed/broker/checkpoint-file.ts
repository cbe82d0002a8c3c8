import { open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describeError } from '../../log/describe-error.ts';
import { CheckpointError, type Checkpoints, formatCheckpoints, parseCheckpoints } from './checkpoint.ts';

/**
 * Reads the checkpoints; none when there is no file.
 *
 * @throws CheckpointError for a file that cannot be read or understood.
 */
export async function readCheckpoints(path: string): Promise<Checkpoints> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return new Map();
    throw new CheckpointError(`the event index ${path} cannot be read: ${describeError(error)}`);
  }
  try {
    return parseCheckpoints(text);
  } catch (error) {
    throw new CheckpointError(
      `the event index ${path} is damaged: ${describeError(error)}; put a copy back, or remove it to publish all events again`,
    );
  }
}

/**
 * Replaces the file at once: after a crash there is the old one or the new one, whole.
 *
 * @throws CheckpointError when the folder or the disk does not take it.
 */
export async function writeCheckpoints(path: string, checkpoints: Checkpoints): Promise<void> {
  const draft = `${path}.new`;
  try {
    const file = await open(draft, 'w', 0o600);
    try {
      await file.writeFile(formatCheckpoints(checkpoints));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
    await syncFolder(dirname(path));
  } catch (error) {
    throw new CheckpointError(`the event index ${path} cannot be written: ${describeError(error)}`);
  }
}

/** The new name is on the disk only when its folder is. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

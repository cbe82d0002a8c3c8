import { accessSync, constants, statSync } from 'node:fs';
import { describeError } from '../log/describe-error.ts';

/** What is found out while the configuration is built, a sentence each. */
export interface Findings {
  readonly problems: string[];
  readonly warnings: string[];
}

/** No sentence when the variable's path is a file that can be read, else one. */
export function fileFault(name: string, path: string): readonly string[] {
  return pathFault({ name, path, folder: false });
}

/** No sentence when the variable's path is a folder that can be read, else one. */
export function folderFault(name: string, path: string): readonly string[] {
  return pathFault({ name, path, folder: true });
}

function pathFault({
  name,
  path,
  folder,
}: {
  readonly name: string;
  readonly path: string;
  readonly folder: boolean;
}): readonly string[] {
  const expected = folder ? 'a folder that can be read' : 'a file that can be read';
  try {
    accessSync(path, constants.R_OK);
    if (statSync(path).isDirectory() === folder) return [];
    return [`${name} is ${JSON.stringify(path)}: it should be ${expected}`];
  } catch (error) {
    return [`${name} is ${JSON.stringify(path)}: it should be ${expected} (${describeError(error)})`];
  }
}

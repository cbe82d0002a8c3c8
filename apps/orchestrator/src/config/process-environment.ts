import { readEnvironment } from './environment.ts';
import type { Environment } from './environment.ts';

/** The environment of this process. Nothing else touches `process.env`. */
export function processEnvironment(): Environment {
  return readEnvironment(process.env);
}

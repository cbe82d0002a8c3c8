import { homedir } from 'node:os';
import { join } from 'node:path';

/** The repository's root. */
export const root = join(import.meta.dirname, '../../..');

export const chart = join(root, 'charts/orchestrator');

/** Where tools are kept between runs: building all of them takes a quarter of an hour. */
export const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'orchestrator-deploy-tools');

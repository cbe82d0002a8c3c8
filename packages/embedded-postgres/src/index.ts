export { EmbeddedPostgresError } from './errors.ts';
export { startEmbeddedPostgres } from './embedded-postgres.ts';
export type { DatabaseEnd, EmbeddedPostgres, EmbeddedPostgresLog, EmbeddedPostgresOptions } from './embedded-postgres.ts';

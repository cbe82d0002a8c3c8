export { DatabaseProxy } from './database-proxy.ts';
export type { CommitFault, ProxyCounts } from './database-proxy.ts';
export { startDebianPostgres, startTestPostgres } from './postgres.ts';
export type { TestPostgres, TestPostgresOptions } from './postgres.ts';
export { createTestDatabase, databaseUrl } from './test-database.ts';
export type { DatabaseTemplate, TestDatabase, TestDatabaseOptions } from './test-database.ts';
export { type ProcessEnd, ServerProcess } from './server-process.ts';

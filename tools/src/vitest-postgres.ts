/** Vitest's global setup of projects that need PostgreSQL: one instance serves all projects of a run. */
import { startTestPostgres } from './postgres.ts';
import { adminUrlVariable, dropTestDatabases, runVariable } from './test-database.ts';

/** Starts the instance, unless an earlier project did or one was given from outside. */
export async function setup(): Promise<(() => Promise<void>) | undefined> {
  // Another project of this run came first, and cleans up.
  if (process.env[runVariable] !== undefined) return undefined;
  process.env[runVariable] = `orchestrator_test_${process.pid}`;
  const given = process.env[adminUrlVariable];
  if (given !== undefined) {
    return async () => {
      await dropTestDatabases(given);
      delete process.env[runVariable];
    };
  }
  const postgres = await startTestPostgres();
  process.env[adminUrlVariable] = postgres.adminUrl;
  return async () => {
    await postgres[Symbol.asyncDispose]();
    delete process.env[adminUrlVariable];
    delete process.env[runVariable];
  };
}

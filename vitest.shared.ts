import type { ViteUserConfig } from 'vitest/config';

/** What a package's tests are given. */
interface ProjectOptions {
  readonly name: string;
  /** Starts, or joins, the PostgreSQL of this test run: `createTestDatabase` of @orchestrator/tools works then. */
  readonly postgres?: boolean;
  /** Starts, or joins, the RabbitMQ of this test run: `createTestVirtualHost` of @orchestrator/tools works then. */
  readonly rabbitmq?: boolean;
}

const condition = '@orchestrator/source';

/** The vitest configuration of one package. Workspace packages resolve to their sources: nothing has to be built first. */
export function project({ name, postgres = false, rabbitmq = false }: ProjectOptions): ViteUserConfig {
  return {
    resolve: { conditions: [condition] },
    ssr: { resolve: { conditions: [condition], externalConditions: [condition] } },
    test: {
      name,
      include: ['src/**/*.spec.ts'],
      environment: 'node',
      pool: 'forks',
      // The default leaves a core idle, which on two cores is half of them.
      maxWorkers: 2,
      // Child processes and anything outside of vite resolve the sources too.
      execArgv: [`--conditions=${condition}`],
      testTimeout: 30_000,
      hookTimeout: 60_000,
      globalSetup: [
        ...(postgres ? [`${import.meta.dirname}/tools/src/vitest-postgres.ts`] : []),
        ...(rabbitmq ? [`${import.meta.dirname}/tools/src/vitest-rabbitmq.ts`] : []),
      ],
    },
  };
}
